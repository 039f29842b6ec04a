import { lossToJson, type MetricDefinition, metricToJson, type Network } from "../../nn/index.ts";
import { isSerializable } from "../../optim/index.ts";
import type { DType } from "../../tensor/index.ts";
import { DescentError, encodeSafetensors, fail, type SavedTensor } from "../../util/index.ts";
import type { Objective } from "../objective.ts";
import type { TrainingState } from "../trainer.ts";
import { sha256 } from "./checksum.ts";
import type { ModelFacts } from "./facts.ts";
import { checkModelFile, formatVersion, libraryVersion, MODEL, type ModelFile, OPTIMIZER, WEIGHTS } from "./format.ts";
import type { ModelPart, ModelTarget } from "./place.ts";

/** Everything of a model that is saved, copied: training may go on meanwhile. */
export interface Snapshot {
  readonly weights: ReadonlyMap<string, SavedTensor>;
  readonly optimizer: ReadonlyMap<string, SavedTensor>;
  readonly step: number;
  readonly learningRateFactor: number;
}

/** Copies weights and optimizer slots. */
export function snapshot(network: Network, state: TrainingState | undefined): Snapshot {
  const optimizer = new Map<string, SavedTensor>();
  for (const [slot, values] of state?.slots ?? []) {
    for (const { path, shape, offset, size, trainable } of network.weights) {
      if (trainable) optimizer.set(`${slot}/${path}`, { shape, data: values.slice(offset, offset + size) });
    }
  }
  const views = network.getWeights();
  const weights = network.weights.map(({ path, shape }): [string, SavedTensor] => [
    path,
    { shape, data: Float32Array.from(views[path] ?? []) },
  ]);
  return {
    weights: new Map(weights),
    optimizer: state && state.step > 0 ? optimizer : new Map(),
    step: state?.step ?? 0,
    learningRateFactor: state?.learningRateFactor ?? 1,
  };
}

/** Writes a model to its place. */
export async function saveModel(
  target: ModelTarget,
  network: Network,
  objective: Objective | undefined,
  taken: Snapshot,
  facts: ModelFacts,
): Promise<void> {
  const training = trainingConfig(objective, network.outputs.length, taken);
  const weights = encodeSafetensors(taken.weights, { format: "descent" });
  const slots = training && taken.optimizer.size > 0 ? encodeSafetensors(taken.optimizer, { format: "descent" }) : null;
  const content: ModelFile = {
    format: "descent-model",
    formatVersion,
    library: { name: "descent", version: libraryVersion },
    network: json(network.toConfig()),
    inputs: network.inputs.map((input, i) => ({
      name: network.inputNames[i] as string,
      shape: [...input.shape],
      dtype: input.dtype,
    })),
    outputs: network.outputs.map((output, i) => ({
      name: network.outputNames[i] as string,
      shape: [...output.shape],
      dtype: "float32" satisfies DType,
    })),
    parameters: { trainable: network.lengths.parameters + network.lengths.frozen, moving: network.lengths.moving },
    training,
    preprocessing: json(facts.preprocessing),
    labels: facts.labels && [...facts.labels],
    weights: await fileFacts(weights),
    optimizer: slots && (await fileFacts(slots)),
  };
  const checked = checkModelFile(content);
  if ("complaint" in checked) fail(`the model cannot be saved: ${checked.complaint}`);
  const files: ModelPart[] = [
    { name: WEIGHTS, data: weights },
    ...(slots ? [{ name: OPTIMIZER, data: slots }] : []),
    { name: MODEL, data: `${JSON.stringify(content, null, 2)}\n` },
  ];
  await target.write(files, slots ? [] : [OPTIMIZER]);
}

/** The compile options as JSON; null for a model that was not compiled, or with functions that have no name. */
function trainingConfig(objective: Objective | undefined, outputs: number, taken: Snapshot): ModelFile["training"] {
  if (!objective || !isSerializable(objective.optimizer)) return null;
  const { optimizer } = objective;
  const heads = Array.from({ length: outputs }, (_, i) => objective.heads.find(({ output }) => output === i));
  type Loss = Training["losses"][number];
  const metricsOf = (metrics: readonly MetricDefinition[] = []) =>
    json<Training["metrics"][number]>(metrics.map(metricToJson));
  try {
    return {
      optimizer: json<Training["optimizer"]>({ kind: optimizer.kind, ...optimizer.options }),
      losses: heads.map((head) => (head ? json<Loss>(lossToJson(head.loss)) : null)),
      lossWeights: heads.map((head) => head?.weight ?? null),
      metrics: heads.map((head) => metricsOf(head?.metrics)),
      weightedMetrics: heads.map((head) => metricsOf(head?.weightedMetrics)),
      step: taken.step,
      learningRateFactor: taken.learningRateFactor,
      precision: objective.precision === "float32" ? undefined : objective.precision,
    };
  } catch (error) {
    if (error instanceof DescentError) return null; // a function without a name
    throw error;
  }
}

type Training = NonNullable<ModelFile["training"]>;

/** What remains of a value in a file. */
function json<T>(value: unknown): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

async function fileFacts(parts: readonly Uint8Array[]): Promise<{ bytes: number; sha256: string }> {
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  return { bytes, sha256: await sha256(parts) };
}
