import * as wasmModule from "@tensorflow/tfjs-backend-wasm";
import * as coreModule from "@tensorflow/tfjs-core";
import * as layersModule from "@tensorflow/tfjs-layers";
import { factors, firstWeights, oneHot, samplesOf } from "../wasm/numbers.ts";
import {
  type Contestant,
  firstLosses,
  type LayerSpec,
  type ProductTask,
  sampled,
  type TrainingTask,
  timeSteps,
  type Work,
} from "../wasm/task.ts";

// Node loads these as CommonJS, whose exports lie in `default`.
const core = coreModule.default ?? coreModule;
const tfLayers = layersModule.default ?? layersModule;
const backend = wasmModule.default ?? wasmModule;

function layerOf({ kind, options }: LayerSpec, inputShape?: readonly number[]) {
  const given = { ...options, ...(inputShape && { inputShape }) };
  const makers: Record<string, (given: object) => unknown> = {
    dense: tfLayers.layers.dense,
    conv2d: tfLayers.layers.conv2d,
    maxPooling2d: tfLayers.layers.maxPooling2d,
    dropout: tfLayers.layers.dropout,
    flatten: tfLayers.layers.flatten,
  };
  const make = makers[kind];
  if (!make) throw new Error(`no layer ${kind} here`);
  return make(given);
}

/** Steps of `optimizer.minimize`: measured to be quicker than `model.trainOnBatch`, which does the same and reads the loss besides. */
async function train(task: TrainingTask): Promise<Work> {
  const model = tfLayers.sequential({
    layers: task.layers.map((layer, i) => layerOf(layer, i === 0 ? task.inputShape : undefined)),
  });
  const weights = firstWeights(task);
  const values = task.weights.map(({ path, shape }) => core.tensor(weights[path], shape));
  model.setWeights(values);
  core.dispose(values);
  const data = samplesOf(task, task.batch);
  const x = core.tensor(data.x, [task.batch, ...task.inputShape]);
  const y = core.tensor2d(oneHot(data.y, task.classes), [task.batch, task.classes]);
  const optimizer = core.train.adam(1e-3, 0.9, 0.999, 1e-8);
  const lossOf = () => core.losses.softmaxCrossEntropy(y, model.apply(x, { training: true }));
  const step = () => optimizer.minimize(lossOf, true);
  const read = async (): Promise<number> => {
    const loss = step();
    const [value] = await loss.data();
    loss.dispose();
    return value;
  };
  return {
    first: await firstLosses(read),
    block: (steps) => timeSteps(steps, () => core.dispose(step())), // computes on this thread: done when it returns
    loss: read,
    async end() {
      core.dispose([x, y]);
      model.dispose();
      optimizer.dispose();
    },
  };
}

async function multiply({ size }: ProductTask): Promise<Work> {
  const [a, b] = factors(size).map((values) => core.tensor2d(values, [size, size]));
  const step = () => core.matMul(a, b).dispose();
  const c = core.matMul(a, b);
  const values: Float32Array = c.dataSync();
  c.dispose();
  return {
    first: sampled(size).map((i) => values[i] ?? Number.NaN),
    block: (steps) => timeSteps(steps, step),
    loss: async () => 0,
    async end() {
      core.dispose([a, b]);
    },
  };
}

/** TensorFlow.js on its WebAssembly back end, whose binaries lie at `binaries`. */
export async function startTfjs(threads: number, binaries?: string): Promise<Contestant> {
  if (binaries) backend.setWasmPaths(binaries);
  backend.setThreadsCount(threads);
  await core.setBackend("wasm");
  await core.ready();
  const threaded = await core.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT");
  const simd = await core.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  return {
    name: "TensorFlow.js",
    version: core.version_core,
    threads: threaded ? backend.getThreadsCount() : 1,
    note: `${core.getBackend()} back end, ${simd ? "SIMD" : "no SIMD"}, ${threaded ? "threads" : "no threads here"}`,
    begin: (task) => (task.kind === "training" ? train(task) : multiply(task)),
  };
}
