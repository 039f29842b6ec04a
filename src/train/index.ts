export type { LoadWeightsOptions, WeightsReport } from "../nn/index.ts";
export type {
  Callback,
  CallbackState,
  EpochEndEvent,
  EpochEvent,
  StepEvent,
  TrainEndEvent,
  TrainEvent,
  Training,
  WeightsCopy,
} from "./callback.ts";
export type { EarlyStoppingOptions } from "./callbacks/earlyStopping.ts";
export * as callbacks from "./callbacks/index.ts";
export type { ReduceLearningRateOptions } from "./callbacks/reduceLearningRateOnPlateau.ts";
export type { CheckpointOptions, CheckpointPace } from "./checkpoint/options.ts";
export type { ArrayData, NestedNumbers, ShapedArray } from "./column.ts";
export type { Data } from "./dataset.ts";
export type { FindLearningRateOptions, LearningRateCurve } from "./find-learning-rate.ts";
export type { FitOptions, ValidationData } from "./fit-options.ts";
export { type ForecastOptions, forecast } from "./forecast.ts";
export type { Beam } from "./generate/beam-search.ts";
export type { BeamSearchOptions, GenerateOptions } from "./generate/options.ts";
export type { History, HistoryRecord } from "./history.ts";
export { onInterrupt } from "./interrupt.ts";
export { loadModel } from "./load.ts";
export { type AddLoraOptions, addLora, mergeLora } from "./lora.ts";
export {
  type EvaluateOptions,
  Model,
  type ModelOptions,
  model,
  type Scores,
  sequential,
} from "./model.ts";
export type { MonitorMode } from "./monitor.ts";
export type { CompileOptions, MetricChoice } from "./objective.ts";
export type { PredictOptions } from "./predict.ts";
export type {
  Phase,
  ProfileData,
  ProfiledKernel,
  ProfiledLayer,
  ProfiledMemory,
  ProfiledOwner,
  ProfiledStep,
} from "./profile/data.ts";
export type { ProfileFormat } from "./profile/format.ts";
export type { ProfileOptions } from "./profile/options.ts";
export type { Profile } from "./profile/profile.ts";
export type { Trace, TraceEvent } from "./profile/trace.ts";
export type { Verbosity } from "./progress.ts";
export type { ModelFacts, SaveOptions } from "./save/facts.ts";
export type { LoadSource, SaveTarget } from "./save/place.ts";
export type { StopWhen } from "./stop.ts";
export type { Terminal } from "./terminal.ts";
export type { Logs, MetricValue } from "./values.ts";
export type { ClassWeight } from "./weighting.ts";
