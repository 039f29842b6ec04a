export { type NativeInfo, nativeInfo } from "./info.ts";
export { BoundNativeProgram, loadProgram, NativeProgram, type ProgramOptions } from "./program.ts";
export { loadRuntime, type Pool, type Runtime } from "./runtime.ts";
export type { BoundSeries } from "./series.ts";
