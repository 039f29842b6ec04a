export { custom } from "./custom.ts";
export * from "./optimizers.ts";
export * from "./wrappers.ts";
