export {
  type ActivationConfig,
  type ActivationFunction,
  type ActivationName,
  type ActivationSpec,
  activationNames,
  registerActivation,
  resolveActivation,
} from "./activation-registry.ts";
export * as activations from "./activations/index.ts";
export type { AdaptableLayer, AdaptBatch, AdaptData } from "./adapt.ts";
export {
  type AugmentConfig,
  augmentationNames,
  type NamedAugment,
  resolveAugment,
} from "./augmentation-registry.ts";
export type { Augment } from "./augmentations/augmentation.ts";
export * as augmentations from "./augmentations/index.ts";
export { type AugmentPart, type AugmentSpec, augmentOf } from "./augmentations/resolve.ts";
export {
  type ClassificationReport,
  type ClassificationReportOptions,
  type ClassScores,
  classificationReport,
  meanScores,
} from "./classification-report.ts";
export {
  type ConstraintConfig,
  type ConstraintFunction,
  type ConstraintName,
  type ConstraintSpec,
  constraintNames,
  registerConstraint,
  resolveConstraint,
} from "./constraint-registry.ts";
export type { Constraint } from "./constraints.ts";
export * as constraints from "./constraints.ts";
export type { LayerContext, LayerDefinition, Past, Stepwise, TieSpec, WeightSpec } from "./definition.ts";
export type { Flow, ForwardOptions } from "./forward.ts";
export { copyGraph, type NetworkGraph, SymbolicTensor } from "./graph.ts";
export { graphOf } from "./graph-of.ts";
export { type Growth, goesStepwise, growingStep, growthOf } from "./growth.ts";
export {
  type InitializerConfig,
  type InitializerFunction,
  type InitializerName,
  type InitializerSpec,
  initializerNames,
  registerInitializer,
  resolveInitializer,
} from "./initializer-registry.ts";
export type { Initializer } from "./initializers.ts";
export * as initializers from "./initializers.ts";
export { Known } from "./known.ts";
export { defineLayer, defineMergeLayer, type Layer, type LayerOptions, moving, trainable } from "./layer.ts";
export { createLayer, layerNames, registerLayer } from "./layer-registry.ts";
export * as layers from "./layers/index.ts";
export { logitsOf } from "./logits.ts";
export {
  type LossConfig,
  type LossName,
  type LossSpec,
  lossNames,
  lossToJson,
  registerLoss,
  resolveLoss,
} from "./loss-registry.ts";
export * as losses from "./losses/index.ts";
export { type Loss, type LossFunction, type LossSum, reduceLoss, type TargetKind } from "./losses/loss.ts";
export {
  buildMetric,
  type MetricConfig,
  type MetricFunction,
  type MetricName,
  type MetricSpec,
  metricNames,
  metricToJson,
  registerMetric,
  resolveMetric,
} from "./metric-registry.ts";
export * as metrics from "./metrics/index.ts";
export {
  type Metric,
  type MetricContext,
  type MetricDefinition,
  type MetricOptions,
  MetricTotal,
} from "./metrics/metric.ts";
export { type ForwardResult, Network, type NetworkOptions } from "./network.ts";
export type { LayerConfig, MakeNetwork, NetworkConfig } from "./network-config.ts";
export { statesOf } from "./recurrent/states.ts";
export {
  type RegularizerConfig,
  type RegularizerFunction,
  type RegularizerName,
  type RegularizerSpec,
  registerRegularizer,
  regularizerNames,
  resolveRegularizer,
} from "./regularizer-registry.ts";
export type { Regularizer } from "./regularizers.ts";
export * as regularizers from "./regularizers.ts";
export { chain } from "./sequential.ts";
export type { Json } from "./serialize.ts";
export type { Holder } from "./sharing.ts";
export type { NetworkLayer } from "./structure.ts";
export { checkFinite, checkTargets, type HostArray } from "./targets.ts";
export { type NestedTexts, textWords } from "./texts.ts";
export type { ResolvedTie, Tie } from "./ties.ts";
export {
  type LoadWeightsOptions,
  transferWeights,
  valuesOf,
  type WeightsReport,
  type WeightValues,
} from "./transfer.ts";
export type { VectorName, Vectors, Weight } from "./weights.ts";
