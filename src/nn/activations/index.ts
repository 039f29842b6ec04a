export {
  type CeluOptions,
  celu,
  type EluOptions,
  elu,
  type HardTanhOptions,
  hardTanh,
  type LeakyReluOptions,
  leakyRelu,
  linear,
  type ReluOptions,
  relu,
  relu6,
  selu,
  type ThresholdOptions,
  threshold,
} from "./rectifiers.ts";
export { hardShrink, type ShrinkOptions, softShrink, tanhShrink } from "./shrinkage.ts";
export {
  exponential,
  type GeluOptions,
  gelu,
  hardSigmoid,
  hardSilu,
  hardSwish,
  logSigmoid,
  mish,
  sigmoid,
  silu,
  softsign,
  sparseSigmoid,
  swish,
  tanh,
} from "./sigmoids.ts";
export { logSoftmax, type SoftmaxOptions, softmax, softmin, sparsemax } from "./simplex.ts";
export { type SoftplusOptions, type SquareplusOptions, softplus, sparsePlus, squareplus } from "./smooth-rectifiers.ts";
