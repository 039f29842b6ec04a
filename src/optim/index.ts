export * as optimizers from "./all.ts";
export { type ApplyInput, applyOptimizer, trainingPoint } from "./apply.ts";
export { type Clipping, clipGradient, type Segment } from "./clipping.ts";
export type { CustomOptions, UpdateFunction } from "./custom.ts";
export type {
  CommonOptions,
  ModelUpdateInput,
  Optimizer,
  PointInput,
  Reach,
  UpdateInput,
  UpdateOutput,
} from "./optimizer.ts";
export type * from "./optimizers.ts";
export {
  isSerializable,
  type OptimizerConfig,
  type OptimizerLike,
  type OptimizerName,
  optimizerFrom,
  optimizerNames,
  type WrapperName,
  wrapperNames,
} from "./registry.ts";
export type { LearningRate, Schedule, ScheduleConfig } from "./schedule.ts";
export { scheduleFrom, scheduleNames } from "./schedule-registry.ts";
export * as schedules from "./schedules.ts";
export type * from "./wrappers.ts";
