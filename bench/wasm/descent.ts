import { type Callback, createProgram, resolveEngine, tensor } from "descent";
import { CASES } from "../cases.ts";
import { factors, firstWeights, samplesOf } from "./numbers.ts";
import {
  type Contestant,
  FIRST_STEPS,
  type ProductTask,
  sampled,
  type TrainingTask,
  timeSteps,
  type Work,
} from "./task.ts";

/** A promise and what settles it. */
function promised<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}

/** Whole epochs of one `fit`, each begun when it is asked for: batches are shuffled and copied as when users train. */
async function train(task: TrainingTask): Promise<Work> {
  const suite = CASES.find(({ name }) => name === task.name);
  if (!suite) throw new Error(`bench/cases.ts has no case ${task.name}`);
  const { network } = suite.make(1);
  network.setWeights(firstWeights(task));
  const tensors = (samples: number) => {
    const { x, y } = samplesOf(task, samples);
    return { x: tensor(x).reshape([samples, ...task.inputShape]), y: tensor(y) };
  };
  const one = tensors(task.batch);
  const first: number[] = [];
  const keep: Callback = { onEpochEnd: ({ logs }) => void first.push(logs.loss as number) };
  const quiet = { batchSize: task.batch, verbose: 0 } as const;
  await network.fit(one.x, one.y, { ...quiet, epochs: FIRST_STEPS, callbacks: [keep] });

  const { x, y } = tensors(task.batch * task.steps);
  let [asked, done] = [promised<boolean>(), promised<number>()];
  let loss = Number.NaN;
  const turns: Callback = {
    async onEpochEnd({ training, seconds, logs }) {
      loss = logs.loss as number;
      const { resolve } = done;
      done = promised();
      resolve((seconds * 1000) / task.steps);
      if (!(await asked.promise)) training.stop("the benchmark is over");
      asked = promised();
    },
  };
  // The first epoch runs at once, unasked: it warms up.
  const warm = done.promise;
  const fitting = network.fit(x, y, { ...quiet, epochs: 1_000_000, callbacks: [turns] });
  fitting.catch((error) => done.reject(error));
  await warm;
  return {
    first,
    async block() {
      const { promise } = done;
      asked.resolve(true);
      return { ms: await promise, steps: task.steps };
    },
    loss: async () => loss,
    async end() {
      asked.resolve(false);
      await fitting;
    },
  };
}

async function multiply({ size, name }: ProductTask): Promise<Work> {
  const { engine } = await resolveEngine();
  const spec = { shape: [size, size], dtype: "float32" } as const;
  const program = await createProgram({
    name,
    engine,
    inputs: { a: spec, b: spec },
    body: ({ inputs: { a, b } }) => ({ outputs: { c: a!.matmul(b!) } }),
  });
  const { inputs, outputs, run } = program.bind();
  const [a, b] = factors(size);
  inputs.a?.set(a);
  inputs.b?.set(b);
  await run();
  return {
    first: sampled(size).map((i) => outputs.c?.[i] ?? Number.NaN),
    block: (steps) => timeSteps(steps, run),
    loss: async () => 0,
    async end() {},
  };
}

/** Descent on the engine that DESCENT_ENGINE names; in a page on the one there is. */
export async function startDescent(version: string, threads: number): Promise<Contestant> {
  const { engine, reason } = await resolveEngine();
  return {
    name: "Descent",
    version,
    threads,
    note: `${engine.name} engine, ${reason}`,
    begin: (task) => (task.kind === "training" ? train(task) : multiply(task)),
  };
}
