import type { Availability, Engine } from "../engine/index.ts";
import { referenceEngine } from "../engines/reference/index.ts";
import { fail, unknownName } from "../util/index.ts";

export { referenceEngine };

/** "auto": native where a C compiler is there, else reference. */
export type EngineName = "auto" | "native" | "reference";

const NAMES = ["auto", "native", "reference"] as const;

export interface EngineChoice {
  readonly engine: Engine;
  /** Why this one, for the first line of a training. */
  readonly reason: string;
}

let native: Promise<Availability> | undefined;

/** The native engine, loaded when first asked for: it reaches for Node's modules and a compiler. */
function loadNative(): Promise<Availability> {
  native ??= hasNode()
    ? import("../engines/native/index.ts").then(({ openNativeEngine }) => openNativeEngine())
    : Promise.resolve({ reason: "the native engine needs Node" });
  return native;
}

function hasNode(): boolean {
  return typeof process !== "undefined" && process.versions?.node !== undefined;
}

/** The native engine where it can run, else undefined. */
export async function nativeIfPresent(): Promise<Engine | undefined> {
  if (requested() === "reference") return undefined;
  const found = await loadNative();
  return "engine" in found ? found.engine : undefined;
}

function requested(): string | undefined {
  return typeof process === "undefined" ? undefined : process.env.DESCENT_ENGINE;
}

/**
 * The engine of that name; without a name the environment's DESCENT_ENGINE, else "auto".
 *
 * @throws DescentError when the named engine can't run here, saying what to install.
 */
export async function resolveEngine(name?: EngineName | string): Promise<EngineChoice> {
  const wanted = name ?? requested() ?? "auto";
  if (!(NAMES as readonly string[]).includes(wanted)) unknownName("engine", wanted, NAMES);
  if (wanted === "reference") return { engine: referenceEngine, reason: "asked for" };
  const found = await loadNative();
  if ("engine" in found) return { engine: found.engine, reason: found.engine.describe() };
  if (wanted === "native")
    fail(`the native engine can't run here: ${found.reason}`, "a working C compiler", 'use engine "reference" (slow)');
  return { engine: referenceEngine, reason: `no native engine (${found.reason}); this one is much slower` };
}

/** What can run here, for `descent doctor`. */
export async function engineInfo(): Promise<{ name: string; available: boolean; detail: string }[]> {
  const found = await loadNative();
  return [
    {
      name: "native",
      available: "engine" in found,
      detail: "engine" in found ? found.engine.describe() : found.reason,
    },
    { name: "reference", available: true, detail: referenceEngine.describe() },
  ];
}
