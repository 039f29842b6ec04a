/**
 * Descent: trains neural networks from TypeScript at the speed of the machine.
 *
 * Tensors with NumPy's words, models with Keras's. Data preparation lies in "descent/data", helpers for tests in
 * "descent/testing".
 */

// Layers and what they are made of; making and naming one's own.
// Losses and metrics.
// Networks without training.
export {
  type ActivationConfig,
  type ActivationFunction,
  type ActivationName,
  type ActivationSpec,
  activationNames,
  activations,
  createLayer,
  defineLayer,
  defineMergeLayer,
  type ForwardResult,
  type Initializer,
  type InitializerConfig,
  type InitializerFunction,
  type InitializerName,
  type InitializerSpec,
  initializerNames,
  initializers,
  type Json,
  type Layer,
  type LayerContext,
  type LayerDefinition,
  type LayerOptions,
  type Loss,
  type LossConfig,
  type LossFunction,
  type LossName,
  type LossSpec,
  layerNames,
  layers,
  logitsOf,
  losses,
  lossNames,
  type Metric,
  type MetricConfig,
  type MetricContext,
  type MetricDefinition,
  type MetricFunction,
  type MetricName,
  type MetricOptions,
  type MetricSpec,
  metricNames,
  metrics,
  moving,
  Network,
  type NetworkConfig,
  type NetworkLayer,
  type NetworkOptions,
  registerActivation,
  registerInitializer,
  registerLayer,
  registerLoss,
  registerMetric,
  type SymbolicTensor,
  trainable,
  type Weight,
  type WeightSpec,
} from "./nn/index.ts";
// Optimizers and learning rates.
export {
  type LearningRate,
  type Optimizer,
  type OptimizerConfig,
  type OptimizerLike,
  type OptimizerName,
  optimizerNames,
  optimizers,
  type Schedule,
  type ScheduleConfig,
  scheduleNames,
  schedules,
  type UpdateFunction,
  type UpdateInput,
  type UpdateOutput,
  type WrapperName,
  wrapperNames,
} from "./optim/index.ts";
// Tensors, gradients, random keys, compiled functions.
export * from "./tensor/index.ts";
// Models: compile, fit, evaluate, predict, save.
export * from "./train/index.ts";
export { DescentError } from "./util/index.ts";
