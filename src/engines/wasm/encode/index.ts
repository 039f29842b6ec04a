export * from "./code.ts";
export { FunctionBuilder, type WasmFunction } from "./function.ts";
export { type ClockImport, encodeModule, functionKey, type MemoryImport } from "./module.ts";
