export { openNativeEngine } from "./engine.ts";
export { type NativeInfo, nativeInfo } from "./runtime/index.ts";
