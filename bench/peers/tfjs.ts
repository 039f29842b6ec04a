import * as cpuModule from "@tensorflow/tfjs-backend-cpu";
import * as wasmModule from "@tensorflow/tfjs-backend-wasm";
import * as coreModule from "@tensorflow/tfjs-core";
import * as layersModule from "@tensorflow/tfjs-layers";
import { factors, firstWeights, oneHot, samplesOf } from "../suite/numbers.ts";
import {
  type Contestant,
  firstLosses,
  type KernelTask,
  type LayerSpec,
  noKernel,
  sampled,
  type TrainingTask,
  timeSteps,
  type Work,
} from "../suite/task.ts";

// Node loads these as CommonJS, whose exports lie in `default`.
const core = coreModule.default ?? coreModule;
const tfLayers = layersModule.default ?? layersModule;
const backend = wasmModule.default ?? wasmModule;
export const plain = cpuModule.default ?? cpuModule; // registers the back end "cpu"

// biome-ignore lint/suspicious/noExplicitAny: the peer's types are not installed with the project
type Library = any;

function layerOf({ name, kind, options }: LayerSpec): Library {
  const makers: Record<string, (given: object) => unknown> = {
    dense: tfLayers.layers.dense,
    conv2d: tfLayers.layers.conv2d,
    maxPooling2d: tfLayers.layers.maxPooling2d,
    globalAveragePooling2d: tfLayers.layers.globalAveragePooling2d,
    batchNormalization: tfLayers.layers.batchNormalization,
    activation: tfLayers.layers.activation,
    add: tfLayers.layers.add,
    dropout: tfLayers.layers.dropout,
    flatten: tfLayers.layers.flatten,
  };
  const make = makers[kind];
  if (!make) throw new Error(`no layer ${kind} here`);
  return make({ ...options, name });
}

/** The task's network with the task's first weights. */
function modelOf(task: TrainingTask): Library {
  const input = tfLayers.input({ shape: task.inputShape });
  const made = new Map<string, Library>();
  const values = firstWeights(task);
  let last = input;
  for (const spec of task.layers) {
    const layer = layerOf(spec);
    const given = spec.inputs.map((name) => made.get(name) ?? input);
    last = layer.apply(given.length === 1 ? given[0] : given);
    made.set(spec.name, last);
    const own = task.weights.filter(({ path }) => path.startsWith(`${spec.name}/`));
    const tensors = own.map(({ path, shape }) => core.tensor(values[path], shape));
    layer.setWeights(tensors);
    core.dispose(tensors);
  }
  return tfLayers.model({ inputs: input, outputs: last });
}

/** Steps of `optimizer.minimize`: measured to be quicker than `model.trainOnBatch`, which does the same and reads the loss besides. */
async function train(task: TrainingTask): Promise<Work> {
  if (task.optimizer.kind === "sgd") throw new Error("TensorFlow.js's optimizers have no weight decay");
  const model = modelOf(task);
  const data = samplesOf(task);
  const x = core.tensor(data.x, [task.batch, ...task.inputShape]);
  const entropy = task.loss === "crossEntropy";
  const y = entropy
    ? core.tensor2d(oneHot(data.y, task.classes), [task.batch, task.classes])
    : core.tensor2d(Float32Array.from(data.y), [task.batch, 1]);
  const optimizer = core.train.adam(task.optimizer.learningRate, 0.9, 0.999, 1e-8);
  const lossOf = () => {
    const output = model.apply(x, { training: true });
    return entropy ? core.losses.softmaxCrossEntropy(y, output) : core.losses.logLoss(y, output);
  };
  const step = () => optimizer.minimize(lossOf, true);
  const read = async (): Promise<number> => {
    const loss = step();
    const [value] = await loss.data();
    loss.dispose();
    return value;
  };
  return {
    first: await firstLosses(read),
    block: (ms) => timeSteps(ms, () => core.dispose(step())), // computes on this thread: done when it returns
    loss: read,
    async end() {
      core.dispose([x, y]);
      model.dispose();
      optimizer.dispose();
    },
  };
}

async function multiply({ size: { rows = 1, columns = 1, depth = 1 } }: KernelTask): Promise<Work> {
  const [first, second] = factors(rows, columns, depth);
  const [a, b] = [core.tensor2d(first, [rows, depth]), core.tensor2d(second, [depth, columns])];
  const step = () => core.matMul(a, b).dispose();
  const c = core.matMul(a, b);
  const values: Float32Array = c.dataSync();
  c.dispose();
  return {
    first: sampled(rows, columns).map((i) => values[i] ?? Number.NaN),
    block: (ms) => timeSteps(ms, step),
    loss: async () => 0,
    async end() {
      core.dispose([a, b]);
    },
  };
}

/** TensorFlow.js on its WebAssembly back end, whose binaries lie at `binaries`, or on its plain one. */
export async function startTfjs(name: "wasm" | "cpu", threads: number, binaries?: string): Promise<Contestant> {
  if (name === "wasm") {
    if (binaries) backend.setWasmPaths(binaries);
    backend.setThreadsCount(threads);
  }
  await core.setBackend(name);
  await core.ready();
  const threaded = name === "wasm" && (await core.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT"));
  const simd = name === "wasm" && (await core.env().getAsync("WASM_HAS_SIMD_SUPPORT"));
  const note =
    name === "cpu" ? "plain JavaScript" : `${simd ? "SIMD" : "no SIMD"}, ${threaded ? "threads" : "no threads here"}`;
  return {
    name: "TensorFlow.js",
    version: core.version_core,
    threads: threaded ? backend.getThreadsCount() : 1,
    note: `${core.getBackend()} back end, ${note}`,
    async begin(task) {
      if (task.kind === "training") return train(task);
      return task.op === "matmul" ? multiply(task) : noKernel();
    },
  };
}
