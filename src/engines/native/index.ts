export { openNativeEngine } from "./engine.ts";
