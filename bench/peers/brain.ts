import * as brainModule from "brain.js";
import { oneHot, samplesOf } from "../suite/numbers.ts";
import { type Contestant, type TrainingTask, timeSteps, type Work } from "../suite/task.ts";

const brain = brainModule.default ?? brainModule;

/** One sample, as `formatData` makes it. */
interface Pattern {
  readonly input: Float32Array;
  readonly output: Float32Array;
}

/**
 * Perceptrons only. It has one activation for all layers, hence sigmoid, as its outputs need; squared errors; and an update after
 * every sample: a step of the task is an update for each sample of the batch.
 */
function train(task: TrainingTask): Work {
  const other = task.layers.find(({ kind }) => kind !== "dense");
  if (other) throw new Error(`brain.js has no layer such as ${other.kind}`);
  const units = task.layers.map(({ options }) => options.units as number);
  const network = new brain.NeuralNetwork({ hiddenLayers: units.slice(0, -1), activation: "sigmoid" });
  const inputs = task.inputShape[0] ?? 1;
  const { x, y } = samplesOf(task);
  const outputs = units.at(-1) ?? 1;
  const targets = task.loss === "crossEntropy" ? oneHot(y, outputs) : Float32Array.from(y);
  const data = Array.from({ length: task.batch }, (_, i) => ({
    input: x.slice(i * inputs, (i + 1) * inputs),
    output: targets.slice(i * outputs, (i + 1) * outputs),
  }));
  const options = { praxis: "adam", learningRate: task.optimizer.learningRate, iterations: 1 };
  network.train(data.slice(0, 1), options); // makes the layers
  const patterns: Pattern[] = network.formatData(data);
  const step = () => {
    for (const pattern of patterns) network.trainPattern(pattern);
  };
  const error = (): number => network.trainPattern(patterns[0], true);
  const before = error();
  return {
    first: [],
    remark: "sigmoid everywhere, squared error, updates after every sample",
    block: (ms) => timeSteps(ms, step),
    async loss() {
      const after = error();
      if (!(after <= before)) throw new Error(`its error does not fall: ${before}, then ${after}`);
      return after;
    },
    async end() {},
  };
}

/** brain.js on the processor, in plain JavaScript. */
export async function startBrain(version: string): Promise<Contestant> {
  return {
    name: "brain.js",
    version,
    threads: 1,
    note: "plain JavaScript; it does not know the suite's activations and losses",
    async begin(task) {
      if (task.kind !== "training") throw new Error("brain.js has no kernels to call");
      return train(task);
    },
  };
}
