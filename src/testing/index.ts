/** Helpers for tests of layers, losses, optimizers and metrics, one's own among them. They need no particular test runner. */
export { expectClose, type Numbers, type Tolerance } from "./close.ts";
export { availableEngines, forEachEngine, type TestEngine } from "./engines.ts";
export { type LayerCase, type LayerNumbers, layerCase } from "./layer-case.ts";
export { type LossCase, type LossNumbers, lossCase } from "./loss-case.ts";
export { type MetricBatch, type MetricCase, metricCase } from "./metric-case.ts";
export { type OptimizerCase, optimizerCase } from "./optimizer-case.ts";
export { type Computed, type Job, runOn, runTogether } from "./run.ts";
