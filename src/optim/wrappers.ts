/** What changes another optimizer, one line each: its factory, under its registry name, and the type of its options. */

export { type DecoupledWeightDecayOptions, decoupledWeightDecay } from "./decoupledWeightDecay.ts";
export { type EmaOptions, ema } from "./ema.ts";
export { type GradientAccumulationOptions, gradientAccumulation } from "./gradientAccumulation.ts";
export { type GradientCentralizationOptions, gradientCentralization } from "./gradientCentralization.ts";
export { type LayerLearningRatesOptions, layerLearningRates } from "./layerLearningRates.ts";
export { type LookaheadOptions, lookahead } from "./lookahead.ts";
export { type SamOptions, sam } from "./sam.ts";
export { type SwaOptions, swa } from "./swa.ts";
