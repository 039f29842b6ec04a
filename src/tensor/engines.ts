import type { Availability, Engine } from "../engine/index.ts";
import { referenceEngine } from "../engines/reference/index.ts";
import { environment, fail, unknownName } from "../util/index.ts";
import { nativeFacts, openNative } from "./native-engine.ts";

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

function loadNative(): Promise<Availability> {
  native ??= openNative();
  return native;
}

/** The native engine where it can run, else undefined. */
export async function nativeIfPresent(): Promise<Engine | undefined> {
  if (requested() === "reference") return undefined;
  const found = await loadNative();
  return "engine" in found ? found.engine : undefined;
}

function requested(): string | undefined {
  return environment("DESCENT_ENGINE");
}

/**
 * The engine of that name; without a name the environment's DESCENT_ENGINE, else "auto".
 *
 * @throws DescentError when the named engine can't run here, saying what to install.
 */
export async function resolveEngine(name?: EngineName | string): Promise<EngineChoice> {
  const wanted = name ?? requested() ?? "auto";
  checkEngineName(wanted, name === undefined ? "engine in DESCENT_ENGINE:" : "engine");
  if (wanted === "reference") return { engine: referenceEngine, reason: "asked for" };
  const found = await loadNative();
  if ("engine" in found) return { engine: found.engine, reason: found.engine.describe() };
  if (wanted === "native")
    fail(`the native engine can't run here: ${found.reason}, or use the engine "reference" (slow)`);
  return { engine: referenceEngine, reason: `100 to 500 times slower than native, which can't run: ${found.reason}` };
}

/**
 * Refuses what is no engine's name.
 *
 * @throws DescentError naming the nearest one
 */
export function checkEngineName(name: string, what = "engine"): void {
  if (!(NAMES as readonly string[]).includes(name)) unknownName(what, name, NAMES);
}

/** An engine, whether it can run here, and what it runs on; for people. */
export interface EngineInfo {
  readonly name: string;
  readonly available: boolean;
  /** One line: what it is, or why it can't run and what to install. */
  readonly detail: string;
  /** Compiler, threads, cache folder... by name. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** What can run here, for `descent doctor`. Never rejects. */
export async function engineInfo(): Promise<EngineInfo[]> {
  const reference = { name: "reference", available: true, detail: referenceEngine.describe(), facts: {} };
  const native = await nativeFacts();
  if (!native) return [reference];
  const { available, reason = "", compiler, version, flags, vectorBytes, threads, cacheFolder } = native;
  const facts = {
    ...(compiler !== undefined && { compiler }),
    ...(version !== undefined && { version }),
    ...(flags && { flags: flags.join(" ") }),
    ...(vectorBytes !== undefined && { "vector width": `${vectorBytes * 8} bits, ${vectorBytes / 4} numbers` }),
    ...(threads !== undefined && { threads }),
    "cache folder": cacheFolder,
  };
  const detail = available ? "programs compiled by the C compiler" : reason;
  return [{ name: "native", available, detail, facts }, reference];
}
