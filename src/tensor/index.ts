export type { KernelInfo, KernelTime, MemoryBlock, Profiler, Roof, RowSource, SeriesRunner } from "../engine/index.ts";
export {
  checkPrecision,
  type DType,
  inScope,
  type Precision,
  type TypedArray,
  withPrecision,
  withScope,
} from "../ir/index.ts";
export type { Shape } from "../util/index.ts";
export { type AttentionOptions, attend, scaledDotProductAttention } from "./attention.ts";
export type { OfPairs } from "./attention-tiles.ts";
export { checkpoint } from "./checkpoint.ts";
export type { Nested } from "./convert.ts";
export { grad, gradients, valueAndGrad } from "./differentiate.ts";
export {
  checkEngineName,
  type EngineChoice,
  type EngineInfo,
  type EngineName,
  engineInfo,
  resolveEngine,
} from "./engines.ts";
export {
  arange,
  asTensor,
  averagePool,
  concatenate,
  conv,
  convTranspose,
  einsum,
  evaluate,
  eye,
  full,
  linspace,
  matmul,
  maxPool,
  ones,
  onesLike,
  scatterAdd,
  split,
  stack,
  stopGradient,
  tensor,
  where,
  zeros,
  zerosLike,
} from "./functions.ts";
export { givenTensor } from "./given.ts";
export { type GradCheckOptions, type GradCheckResult, gradCheck } from "./grad-check.ts";
export type { Range } from "./numpy/indexing.ts";
export type { ConvOptions, ConvTransposeOptions, Padding, PoolOptions } from "./numpy/products.ts";
export type { ReduceOptions } from "./numpy/reductions.ts";
export {
  allocate,
  type BoundProgram,
  compile,
  createProgram,
  type Program,
  type ProgramOptions,
  type Spec,
} from "./program.ts";
export { RandomKey, randomKey } from "./random-key.ts";
export { type ScanOptions, scan } from "./scan.ts";
export { Tensor, type TensorLike } from "./tensor.ts";
export type { Tree } from "./tree.ts";
