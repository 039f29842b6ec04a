export * from "./formulas.ts";
export { type WarmupOptions, warmup } from "./schedule-registry.ts";
