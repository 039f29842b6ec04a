export type { WasmFeatures } from "./features.ts";
export { openWasmRuntime, type RuntimeOptions, type WasmRuntime } from "./runtime.ts";
export type { LoadedProgram } from "./turns.ts";
