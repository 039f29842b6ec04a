import {
  graphOf,
  type LossSpec,
  type MakeNetwork,
  type MetricSpec,
  type Network,
  type NetworkGraph,
} from "../../nn/index.ts";
import { DescentError, fail, sameShape } from "../../util/index.ts";
import type { CompileOptions } from "../objective.ts";
import type { TrainingState } from "../trainer.ts";
import { sha256 } from "./checksum.ts";
import type { ModelFacts } from "./facts.ts";
import { MODEL, type ModelFile, OPTIMIZER, parseModelFile, WEIGHTS } from "./format.ts";
import type { ModelSource } from "./place.ts";
import { decodeSafetensors, type SavedTensor } from "./safetensors.ts";
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

/** Larger model files are not ours: structure takes some hundred bytes a layer. */
const longestModelFile = 64 * 1024 * 1024;

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
          optimizer: training.optimizer,
          loss: training.losses as (LossSpec | null)[],
          lossWeights: training.lossWeights as number[],
          metrics: training.metrics as MetricSpec[][],
          weightedMetrics: training.weightedMetrics as MetricSpec[][],
        }
      : undefined,
    fill(network) {
      network.setWeights(valuesFor(network, weights, WEIGHTS, (path) => path, true));
      if (!training) return undefined;
      return { ...training, slots: slotsFor(network, slots) };
    },
  };
}

/** The weights of a saved model, whatever its layers. */
export async function readWeights(source: ModelSource): Promise<Map<string, SavedTensor>> {
  const { text, path } = await readModelFile(source);
  return readTensors(source, WEIGHTS, parseModelFile(text, path).weights);
}

async function readModelFile(source: ModelSource): Promise<{ text: string; path: string }> {
  const file = await source.open(MODEL);
  if ("missing" in file)
    fail(`there is no model in ${source.name}: ${MODEL}: ${file.missing}`, "what model.save() wrote");
  const size = file.size ?? 0;
  const bytes = size > longestModelFile ? undefined : await file.read(longestModelFile);
  if (!bytes || bytes.length > longestModelFile) {
    fail(`${file.path} has ${bytes?.length ?? size} bytes or more`, `at most ${longestModelFile}`);
  }
  return { text: new TextDecoder().decode(bytes), path: file.path };
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

async function readTensors(
  source: ModelSource,
  name: string,
  { bytes, sha256: expected }: { bytes: number; sha256: string },
): Promise<Map<string, SavedTensor>> {
  const file = await source.open(name);
  const { path } = file;
  if ("missing" in file) {
    fail(`${path} cannot be read: ${file.missing}`, `the file that ${MODEL} names`, "copy all files of the model");
  }
  const data = file.size === undefined || file.size === bytes ? await file.read(bytes) : undefined;
  const found = data?.length ?? file.size ?? 0;
  if (!data || found !== bytes) {
    const more = file.size === undefined && found > bytes ? " or more" : "";
    fail(`${path} has ${found} bytes${more}`, `${bytes} bytes, as ${MODEL} says`, "copy all files of the model again");
  }
  if ((await sha256([data])) !== expected) {
    fail(`${path} is damaged: its checksum is not the one in ${MODEL}`, "the file as it was saved", "copy it again");
  }
  return decodeSafetensors(data, path);
}

/** The values of each weight, found by `nameOf(path)`; their shapes must be the network's. */
export function valuesFor(
  network: Network,
  tensors: ReadonlyMap<string, SavedTensor>,
  file: string,
  nameOf: (path: string) => string,
  everything: boolean,
): Record<string, Float32Array> {
  const wanted = network.weights.filter(({ trainable }) => trainable || everything);
  return Object.fromEntries(
    wanted.map(({ path, shape }) => {
      const name = nameOf(path);
      const found = tensors.get(name);
      if (!found || !sameShape(found.shape, shape)) {
        const what = found ? `has the shape [${found.shape.join(", ")}]` : "is missing";
        fail(`${file}: "${name}" ${what}`, `a tensor of shape [${shape.join(", ")}]`, "save the model again");
      }
      return [path, found.data];
    }),
  );
}

/** "slot/layer/weight" tensors as one flat vector per slot. */
export function slotsFor(network: Network, tensors: ReadonlyMap<string, SavedTensor>): Map<string, Float32Array> {
  const names = new Set([...tensors.keys()].map((name) => name.slice(0, name.indexOf("/"))));
  const flat = [...names].map((slot): [string, Float32Array] => {
    const values = valuesFor(network, tensors, OPTIMIZER, (path) => `${slot}/${path}`, false);
    const vector = new Float32Array(network.lengths.parameters);
    for (const { path, trainable, offset } of network.weights) if (trainable) vector.set(values[path] ?? [], offset);
    return [slot, vector];
  });
  return new Map(flat);
}
