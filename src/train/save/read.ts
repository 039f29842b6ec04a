import {
  graphOf,
  type LossSpec,
  type MakeNetwork,
  type MetricSpec,
  type Network,
  type NetworkGraph,
} from "../../nn/index.ts";
import { optimizerFrom } from "../../optim/index.ts";
import { DescentError, fail } from "../../util/index.ts";
import type { CompileOptions } from "../objective.ts";
import type { TrainingState } from "../trainer.ts";
import type { ModelFacts } from "./facts.ts";
import { slotsFor, valuesFor } from "./flat-tensors.ts";
import { type ModelFile, OPTIMIZER, parseModelFile, WEIGHTS } from "./format.ts";
import type { ModelSource } from "./place.ts";
import { readModelFile, readTensors } from "./read-files.ts";
import { countWeights } from "./size.ts";

/** A saved model, read and checked as far as that goes without building the network. */
export interface SavedModel {
  readonly graph: NetworkGraph;
  readonly name: string;
  readonly facts: ModelFacts;
  readonly compile: CompileOptions | undefined;
  /** Puts the saved numbers into the network built from `graph`; returns where its training stood. */
  readonly fill: (network: Network) => TrainingState | undefined;
}

/**
 * Reads a saved model.
 *
 * @param make how models within it are made.
 * @throws DescentError for anything that is missing, damaged or foreign; sizes are checked before memory is taken.
 */
export async function readModel(source: ModelSource, make: MakeNetwork): Promise<SavedModel> {
  const { text, path } = await readModelFile(source);
  const file = parseModelFile(text, path);
  const graph = await graphFrom(file, path, make);
  const weights = await readTensors(source, WEIGHTS, file.weights);
  const slots = file.optimizer ? await readTensors(source, OPTIMIZER, file.optimizer) : new Map();
  const { training } = file;
  return {
    graph,
    name: typeof file.network.name === "string" ? file.network.name : "model",
    facts: { preprocessing: file.preprocessing, labels: file.labels },
    compile: training
      ? {
          optimizer: optimizerFrom(training.optimizer),
          loss: training.losses as (LossSpec | null)[],
          lossWeights: training.lossWeights as number[],
          metrics: training.metrics as MetricSpec[][],
          weightedMetrics: training.weightedMetrics as MetricSpec[][],
          precision: training.precision,
        }
      : undefined,
    fill(network) {
      network.setWeights(valuesFor(network, weights, WEIGHTS, (path) => path, true));
      if (!training) return undefined;
      return { ...training, slots: slotsFor(network, slots) };
    },
  };
}

/** The structure, whose weights must be those that the file announces, before any memory is taken for them. */
async function graphFrom(file: ModelFile, path: string, make: MakeNetwork): Promise<NetworkGraph> {
  let graph: NetworkGraph;
  try {
    graph = graphOf(file.network, make);
  } catch (error) {
    if (!(error instanceof DescentError)) throw error;
    throw new DescentError(`${path}: ${error.message}`);
  }
  const { trainable, moving } = countWeights(graph);
  const { parameters, weights } = file;
  if (trainable !== parameters.trainable || moving !== parameters.moving || 4 * (trainable + moving) > weights.bytes) {
    fail(
      `${path} is damaged: its layers have ${trainable} + ${moving} weights, and it announces ` +
        `${parameters.trainable} + ${parameters.moving} in ${weights.bytes} bytes`,
      "these to agree",
      "save the model again",
    );
  }
  return graph;
}
