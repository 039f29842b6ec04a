export { openWasmEngine } from "./engine.ts";
