export { DTYPES, type DType, isFloat, type TypedArray, wrap } from "./dtype.ts";
export * from "./index-expression.ts";
export * from "./op.ts";
export * as ops from "./ops/index.ts";
export { OPS } from "./ops/index.ts";
export { print } from "./print.ts";
export * from "./scalar/index.ts";
export { verify } from "./verify.ts";
