import { type Callback, type Precision, resolveEngine, tensor } from "descent";
import { CASES, compiled, perceptronCase } from "../suite/cases.ts";
import { firstWeights, repeated, samplesOf } from "../suite/numbers.ts";
import { type Block, type Contestant, FIRST_STEPS, type TrainingTask, type Work } from "../suite/task.ts";
import { computeKernel } from "./descent-kernels.ts";

/** A promise and what settles it. */
function promised<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}

/** The suite's network; perceptrons of other sizes are made from the task. */
function networkOf(task: TrainingTask, precision: Precision) {
  const suite = CASES.find(({ name, batch }) => name === task.name && batch === task.batch);
  if (suite) return compiled(suite, precision);
  if (!task.layers.every(({ kind }) => kind === "dense"))
    throw new Error(`bench/suite/cases.ts has no case ${task.name}`);
  const units = task.layers.map(({ options }) => options.units as number);
  return compiled(perceptronCase(task.name, { ...task, sizes: [task.inputShape[0] ?? 1, ...units] }), precision);
}

/** Whole epochs of one `fit`, begun when they are asked for: batches are shuffled and copied as when users train. */
async function train(task: TrainingTask, precision: Precision): Promise<Work> {
  const network = networkOf(task, precision);
  network.setWeights(firstWeights(task));
  const data = samplesOf(task);
  const tensors = (times: number) => {
    const samples = task.batch * times;
    const y = repeated(Float32Array.from(data.y), times);
    return {
      x: tensor(repeated(data.x, times)).reshape([samples, ...task.inputShape]),
      y:
        task.loss === "crossEntropy"
          ? tensor(Int32Array.from(y), { shape: [samples, ...task.places] })
          : tensor(y).reshape([samples, 1]),
    };
  };
  const one = tensors(1);
  const first: number[] = [];
  const keep: Callback = { onEpochEnd: ({ logs }) => void first.push(logs.loss as number) };
  const quiet = { batchSize: task.batch, verbose: 0 } as const;
  await network.fit(one.x, one.y, { ...quiet, epochs: FIRST_STEPS, callbacks: [keep] });

  const { x, y } = tensors(task.steps);
  let [asked, done] = [promised<number>(), promised<Block>()];
  let loss = Number.NaN;
  let wanted = 0; // milliseconds of the block under way
  let [ms, steps] = [0, 0]; // of it, done
  const turns: Callback = {
    async onEpochEnd({ training, seconds, logs }) {
      loss = logs.loss as number;
      ms += seconds * 1000;
      steps += task.steps;
      if (ms < wanted) return;
      const { resolve } = done;
      done = promised();
      resolve({ ms: ms / steps, steps });
      wanted = await asked.promise;
      asked = promised();
      [ms, steps] = [0, 0];
      if (wanted === 0) training.stop("the benchmark is over");
    },
  };
  // The first epoch runs at once, unasked: it warms up.
  const warm = done.promise;
  const fitting = network.fit(x, y, { ...quiet, epochs: 1_000_000_000, callbacks: [turns] });
  fitting.catch((error) => done.reject(error));
  await warm;
  return {
    first,
    async block(milliseconds) {
      const { promise } = done;
      asked.resolve(Math.max(milliseconds, 1e-3));
      return promise;
    },
    loss: async () => loss,
    async end() {
      asked.resolve(0);
      await fitting;
    },
  };
}

/** Descent on the engine that DESCENT_ENGINE names; in a page on the one there is. */
export async function startDescent(
  version: string,
  threads: number,
  precision: Precision = "float32",
): Promise<Contestant> {
  const { engine, reason } = await resolveEngine();
  return {
    name:
      engine.name !== "native" ? `Descent ${engine.name}` : precision === "float32" ? "Descent" : "Descent bfloat16",
    version,
    threads,
    note: `${engine.name} engine, ${reason}`,
    begin: (task) => (task.kind === "training" ? train(task, precision) : computeKernel(task)),
  };
}
