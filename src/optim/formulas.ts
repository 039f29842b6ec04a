/** Every schedule that is a formula of the step alone, one line each: its factory, under its registry name, and its options. */

export { type CosineDecayRestartsOptions, cosineDecayRestarts } from "./cosineDecayRestarts.ts";
export {
  type CosineDecayOptions,
  constant,
  cosineDecay,
  type ExponentialDecayOptions,
  exponentialDecay,
  type PiecewiseConstantOptions,
  piecewiseConstant,
  type StepDecayOptions,
  stepDecay,
} from "./decays.ts";
export { type InverseSquareRootOptions, inverseSquareRoot } from "./inverseSquareRoot.ts";
export { type OneCycleOptions, oneCycle } from "./oneCycle.ts";
export { type PolynomialDecayOptions, polynomialDecay } from "./polynomialDecay.ts";
export { type WarmupStableDecayOptions, warmupStableDecay } from "./warmupStableDecay.ts";
