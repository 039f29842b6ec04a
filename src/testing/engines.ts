import { type EngineChoice, engineInfo, resolveEngine } from "../tensor/index.ts";

/** An engine that tests run on. */
export type TestEngine = "reference" | "native" | "wasm";

/**
 * The engines that work on this machine: always `reference` (float64, the truth), `native` where a C compiler is, `wasm`
 * where WebAssembly has vectors.
 *
 * @example
 * for (const engine of await availableEngines()) console.log(engine);
 */
export async function availableEngines(): Promise<readonly TestEngine[]> {
  const available = new Set((await engineInfo()).filter((each) => each.available).map(({ name }) => name));
  return (["reference", "native", "wasm"] as const).filter((name) => available.has(name));
}

/**
 * Calls `body` once for every engine that works here, one after the other. At the top of a test file it declares the
 * same tests for all of them, in any test runner:
 *
 * @example
 * await forEachEngine((engine) => {
 *   test(`softmax sums to one on ${engine}`, async () => {
 *     const { y } = await runOn(engine, { x: tensor([1, 2, 3]) }, ({ x }) => ({ y: x.softmax().sum() }));
 *     expectClose(y.data, [1]);
 *   });
 * });
 */
export async function forEachEngine(body: (engine: TestEngine) => void | Promise<void>): Promise<void> {
  for (const engine of await availableEngines()) await body(engine);
}

/** The engine of that name itself. */
export async function engineOf(name: TestEngine): Promise<EngineChoice["engine"]> {
  return (await resolveEngine(name)).engine;
}
