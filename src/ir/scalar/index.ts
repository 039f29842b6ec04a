export { maximum, minimum, relu, round, sign } from "./basic.ts";
export { erf } from "./error-function.ts";
export { evaluateScalar } from "./evaluate.ts";
export { exp, expm1, sigmoid, tanh } from "./exponential.ts";
export { type Scalar, type ScalarLike, type ScalarOp, type ScalarType, scalar } from "./expression.ts";
export { log, log1p, softplus } from "./logarithm.ts";
export { pow } from "./power.ts";
export { bfloat16 } from "./rounding.ts";
export { cos, sin } from "./trigonometric.ts";
