import type { Engine } from "../../src/engine/index.ts";
import { resolveEngine } from "../../src/tensor/index.ts";
import { DescentError, environment, hasNode } from "../../src/util/index.ts";

const COMPILED = hasNode() ? ["native", "wasm"] : ["wasm"];

/** Compiled engines that can run here; says why one is left out. Where it is required (in CI), that is an error. */
export async function compiledEngines(): Promise<Engine[]> {
  const engines: Engine[] = [];
  for (const name of COMPILED) {
    try {
      engines.push((await resolveEngine(name)).engine);
    } catch (error) {
      if (!(error instanceof DescentError) || environment("DESCENT_REQUIRE")?.split(",").includes(name)) throw error;
      console.log(`skipped: ${error.message}`);
    }
  }
  return engines;
}
