export * from "./code.ts";
export { FunctionBuilder, type WasmFunction } from "./function.ts";
export { encodeModule, functionKey, type MemoryImport } from "./module.ts";
