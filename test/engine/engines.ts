import type { Engine } from "../../src/engine/index.ts";
import { engineInfo, resolveEngine } from "../../src/tensor/index.ts";
import { environment } from "../../src/util/index.ts";

/** Compiled engines that can run here; says why one is left out. Where it is required (in CI), that is an error. */
export async function compiledEngines(): Promise<Engine[]> {
  const engines: Engine[] = [];
  for (const { name, available, detail } of await engineInfo()) {
    if (name === "reference") continue;
    if (available) {
      engines.push((await resolveEngine(name)).engine);
      continue;
    }
    if (environment("DESCENT_REQUIRE")?.split(",").includes(name)) throw new Error(`${name} is required: ${detail}`);
    console.log(`skipped: the ${name} engine: ${detail}`);
  }
  return engines;
}
