import type { Availability, Engine } from "../engine/index.ts";
import { referenceEngine } from "../engines/reference/index.ts";
import { openWasmEngine } from "../engines/wasm/index.ts";
import { environment, fail, hasNode, unknownName } from "../util/index.ts";
import { nativeFacts, openNative } from "./native-engine.ts";

export { referenceEngine };

/** "auto": native where a C compiler is and the work is worth compiling for, else wasm; reference where neither can run. */
export type EngineName = "auto" | "native" | "wasm" | "reference";

const NAMES = ["auto", "native", "wasm", "reference"] as const;

export interface EngineChoice {
  readonly engine: Engine;
  /** Why this one, for the first line of a training. */
  readonly reason: string;
}

/**
 * Multiplications (with additions) that WebAssembly does while a C compiler makes a training step: some second. Below, nothing is won by
 * waiting for it.
 */
const WORTH_COMPILING = 1e10;

const opened: { native?: Promise<Availability>; wasm?: Promise<Availability> } = {};

const open = {
  native(): Promise<Availability> {
    opened.native ??= openNative();
    return opened.native;
  },
  wasm(): Promise<Availability> {
    opened.wasm ??= openWasmEngine();
    return opened.wasm;
  },
};

function requested(): string | undefined {
  return environment("DESCENT_ENGINE");
}

/**
 * The engine of that name; without a name the environment's DESCENT_ENGINE, else "auto".
 *
 * @param work multiplications that are to be done in all, if known: "auto" compiles C only when that pays.
 * @throws DescentError when the named engine can't run here, saying what to install.
 */
export async function resolveEngine(
  name?: EngineName | string,
  work: number = Number.POSITIVE_INFINITY,
): Promise<EngineChoice> {
  const wanted = name ?? requested() ?? "auto";
  checkEngineName(wanted, name === undefined ? "engine in DESCENT_ENGINE:" : "engine");
  if (wanted === "reference") return { engine: referenceEngine, reason: "asked for" };
  if (wanted === "native" || wanted === "wasm") {
    const found = await open[wanted]();
    if ("engine" in found) return { engine: found.engine, reason: found.engine.describe() };
    fail(`the ${wanted} engine can't run here: ${found.reason}, or use the engine "auto"`);
  }
  return work < WORTH_COMPILING ? chooseForLittle() : chooseForMuch();
}

/** wasm starts at once: for what is over before a compiler would be. */
async function chooseForLittle(): Promise<EngineChoice> {
  const wasm = await open.wasm();
  if (!("engine" in wasm)) return chooseForMuch();
  const reason = wasm.engine.describe();
  return { engine: wasm.engine, reason: hasNode() ? `${reason}; so little work needs no C compiler` : reason };
}

async function chooseForMuch(): Promise<EngineChoice> {
  const native = await open.native();
  if ("engine" in native) return { engine: native.engine, reason: native.engine.describe() };
  const wasm = await open.wasm();
  if ("engine" in wasm) {
    const reason = `${wasm.engine.describe()}; native would be 2 to 4 times as fast, but ${native.reason}`;
    return { engine: wasm.engine, reason: hasNode() ? reason : wasm.engine.describe() };
  }
  const reason = `100 to 500 times slower than wasm, which can't run: ${wasm.reason}; nor can native: ${native.reason}`;
  return { engine: referenceEngine, reason };
}

/** The engine for one-off values: never waits for a C compiler unless the work takes many seconds without. */
export async function engineForExpressions(work: number): Promise<Engine> {
  const wanted = requested();
  if (wanted === "reference") return referenceEngine;
  const choice = wanted === "native" || wanted === "wasm" ? resolveEngine(wanted) : resolveEngine("auto", work);
  return (await choice).engine;
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
  const found = await open.wasm();
  const wasm = {
    name: "wasm",
    available: "engine" in found,
    detail: "engine" in found ? found.engine.describe() : found.reason,
    facts: {},
  };
  const native = await nativeFacts();
  if (!native) return [wasm, reference];
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
  return [{ name: "native", available, detail, facts }, wasm, reference];
}
