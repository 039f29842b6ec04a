import type { Engine } from "../../src/engine/index.ts";
import { openNativeEngine } from "../../src/engines/native/index.ts";

/** Compiled engines that can run here; says why one is left out. In CI a missing one is an error. */
export async function compiledEngines(): Promise<Engine[]> {
  const native = await openNativeEngine();
  if ("engine" in native) return [native.engine];
  if (process.env.DESCENT_REQUIRE?.includes("native"))
    throw new Error(`the native engine is required: ${native.reason}`);
  console.log(`skipped: native engine: ${native.reason}`);
  return [];
}
