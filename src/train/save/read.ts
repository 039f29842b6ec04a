import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { graphOf, type LossSpec, type MetricSpec, type Network, type NetworkGraph } from "../../nn/index.ts";
import { DescentError, fail, sameShape } from "../../util/index.ts";
import type { CompileOptions } from "../objective.ts";
import type { TrainingState } from "../trainer.ts";
import type { ModelFacts } from "./facts.ts";
import { committedPath, readSized, reason } from "./folder.ts";
import { MODEL, type ModelFile, OPTIMIZER, parseModelFile, WEIGHTS } from "./format.ts";
import { decodeSafetensors, type SavedTensor } from "./safetensors.ts";
import { countWeights } from "./size.ts";

/** A model folder, read and checked as far as that goes without building the network. */
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
 * Reads the folder of a model.
 *
 * @throws DescentError for anything that is missing, damaged or foreign; sizes are checked before memory is taken.
 */
export async function readModel(folder: string): Promise<SavedModel> {
  if (typeof folder !== "string" || folder === "")
    fail(`loadModel got ${String(folder)}`, "the folder of a saved model");
  const modelPath = await committedPath(folder, MODEL, MODEL);
  const file = parseModelFile(await readModelFile(folder, modelPath), modelPath);
  const graph = await graphFrom(file, modelPath);
  const weights = await readTensors(folder, WEIGHTS, file.weights);
  const slots = file.optimizer ? await readTensors(folder, OPTIMIZER, file.optimizer) : new Map();
  const { training } = file;
  return {
    graph,
    name: typeof file.network.name === "string" ? file.network.name : "model",
    facts: { preprocessing: file.preprocessing, labels: file.labels },
    compile: training
      ? {
          optimizer: training.optimizer,
          loss: training.losses as LossSpec[],
          lossWeights: training.lossWeights,
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

async function readModelFile(folder: string, path: string): Promise<string> {
  const facts = await stat(path).catch((error: unknown) => {
    fail(`there is no model in ${folder}: ${basename(path)}: ${reason(error)}`, "a folder that model.save() wrote");
  });
  if (!facts.isFile()) fail(`${path} is no file`, "a folder that model.save() wrote");
  if (facts.size > longestModelFile) fail(`${path} has ${facts.size} bytes`, `at most ${longestModelFile}`);
  return readFile(path, "utf8");
}

/** The structure, whose weights must be those that the file announces, before any memory is taken for them. */
async function graphFrom(file: ModelFile, path: string): Promise<NetworkGraph> {
  let graph: NetworkGraph;
  try {
    graph = graphOf(file.network);
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
  folder: string,
  name: string,
  { bytes, sha256 }: { bytes: number; sha256: string },
): Promise<Map<string, SavedTensor>> {
  const path = await committedPath(folder, MODEL, name);
  const data = await readSized(path, bytes);
  if (createHash("sha256").update(data).digest("hex") !== sha256) {
    fail(`${path} is damaged: its checksum is not the one in ${MODEL}`, "the file as it was saved", "copy it again");
  }
  return decodeSafetensors(data, path);
}

/** The values of each weight, found by `nameOf(path)`; their shapes must be the network's. */
function valuesFor(
  network: Network,
  tensors: ReadonlyMap<string, SavedTensor>,
  file: string,
  nameOf: (path: string) => string,
  moving: boolean,
): Record<string, Float32Array> {
  const wanted = network.weights.filter(({ trainable }) => trainable || moving);
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
function slotsFor(network: Network, tensors: ReadonlyMap<string, SavedTensor>): Map<string, Float32Array> {
  const names = new Set([...tensors.keys()].map((name) => name.slice(0, name.indexOf("/"))));
  const flat = [...names].map((slot): [string, Float32Array] => {
    const values = valuesFor(network, tensors, OPTIMIZER, (path) => `${slot}/${path}`, false);
    const vector = new Float32Array(network.parameters.length);
    for (const { path, offset } of network.weights) vector.set(values[path] ?? [], offset);
    return [slot, vector];
  });
  return new Map(flat);
}
