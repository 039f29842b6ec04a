export type { AdagradOptions } from "./adagrad.ts";
export type { AdamOptions } from "./adam.ts";
export type { AdamwOptions } from "./adamw.ts";
export { applyOptimizer } from "./apply.ts";
export { type Clipping, clipGradient, type Segment } from "./clipping.ts";
export type { CustomOptions, UpdateFunction } from "./custom.ts";
export type { GradientDescentOptions } from "./gradientDescent.ts";
export type { MomentumOptions } from "./momentum.ts";
export type { NesterovOptions } from "./nesterov.ts";
export type { CommonOptions, Optimizer, UpdateInput, UpdateOutput } from "./optimizer.ts";
export * as optimizers from "./optimizers.ts";
export {
  type OptimizerConfig,
  type OptimizerLike,
  type OptimizerName,
  optimizerFrom,
  optimizerNames,
} from "./registry.ts";
export type { RmspropOptions } from "./rmsprop.ts";
export {
  type CosineDecayOptions,
  type ExponentialDecayOptions,
  type LearningRate,
  type PiecewiseConstantOptions,
  type Schedule,
  type ScheduleConfig,
  type StepDecayOptions,
  scheduleFrom,
  scheduleNames,
  type WarmupOptions,
} from "./schedule.ts";
export * as schedules from "./schedules.ts";
export type { SgdOptions } from "./sgd.ts";
