export { constant, cosineDecay, exponentialDecay, piecewiseConstant, stepDecay, warmup } from "./schedule.ts";
