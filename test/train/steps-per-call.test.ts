import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Callback, type FitOptions, layers, type Model, sequential } from "../../src/index.ts";
import { availableEngines, type TestEngine } from "../../src/testing/index.ts";
import { HostRandom } from "../../src/util/index.ts";
import { allWeights, classifier, lineData } from "./fixture.ts";

const ROWS = 47;
const random = new HostRandom(2);

/** Samples that overlap: 6 numbers each, beginning 2 apart. */
const windows = {
  data: Float32Array.from({ length: 2 * (ROWS - 1) + 6 }, () => random.normal()),
  shape: [ROWS, 6],
  rowStride: 2,
};
const long = { data: Uint8Array.from({ length: ROWS * 70 }, () => random.integer(255)), shape: [ROWS, 70] };
const y = { data: Int32Array.from({ length: ROWS }, () => random.integer(3)), shape: [ROWS] };
const sampleWeight = Float32Array.from({ length: ROWS }, () => random.uniform());

/** Dropout, moving statistics, a schedule, metrics that add up, merge and collect: all that a step can leave behind. */
function trainee(engine: TestEngine, inputs: number): Model {
  return sequential(
    [
      layers.rescaling(1 / 255, { inputShape: [inputs] }),
      layers.dense(8),
      layers.batchNormalization(),
      layers.activation("relu"),
      layers.dropout(0.2),
      layers.dense(3, { activation: "softmax" }),
    ],
    { seed: 4 },
  ).compile({
    optimizer: {
      kind: "adam",
      learningRate: { kind: "exponentialDecay", learningRate: 0.05, decaySteps: 3, decayRate: 0.9 },
    },
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    engine,
  });
}

/** Everything that a training leaves: weights, history, and what callbacks heard of every step. */
async function outcome(model: Model, given: unknown, options: FitOptions) {
  const steps: unknown[] = [];
  const lateSteps = options.stepsPerCall === undefined;
  const listener: Callback = {
    lateSteps,
    onStepEnd({ epoch, step, loss, size, training }) {
      steps.push([epoch, step, loss, size, training.stepInEpoch, training.learningRate, training.runningLogs()]);
    },
  };
  const history = await model.fit(given as never, y, { verbose: 0, ...options, callbacks: [listener] });
  return { weights: allWeights(model), history: history.history, steps };
}

const engines = await availableEngines();

describe.each(engines)("on %s", (engine) => {
  test.each([
    ["short rows, shuffled, a smaller last batch", windows, { batchSize: 5, sampleWeight }],
    ["long rows in their order, even batches", long, { batchSize: 1, shuffle: false }],
    ["one batch of all samples", windows, { batchSize: ROWS }],
  ] as const)("many steps in a call leave the same bits: %s", async (_, given, more) => {
    const inputs = given.shape[1] as number;
    const options = { ...more, epochs: 3, seed: 9 };
    const one = await outcome(trainee(engine, inputs), given, { ...options, stepsPerCall: 1 });
    expect(one.steps).toHaveLength(3 * Math.ceil(ROWS / more.batchSize));
    for (const stepsPerCall of [4, 1000, undefined]) {
      expect(await outcome(trainee(engine, inputs), given, { ...options, stepsPerCall })).toEqual(one);
    }
  });

  test("a loss that is no number ends the call: the step is named, weights are as before it", async () => {
    const x = Array.from({ length: 20 }, (_, row) => [row === 13 ? 3e38 : 0.1, 1]);
    const failed = async (stepsPerCall: number) => {
      const model = sequential([layers.dense(1, { inputShape: [2] })], { seed: 1 });
      model.compile({ optimizer: "sgd", loss: "meanSquaredError", engine });
      const fitting = model.fit(
        x,
        x.map(() => [1]),
        { stepsPerCall, batchSize: 2, shuffle: false, verbose: 0 },
      );
      const message = await fitting.then(
        () => "no error",
        (error) => error.message as string,
      );
      return { message, weights: allWeights(model) };
    };
    const alone = await failed(1);
    expect(alone.message).toMatch(/^the loss became infinite at step 7 /);
    expect(await failed(5)).toEqual(alone);
    expect(await failed(100)).toEqual(alone);
  });
});

test("callbacks hear of steps one by one, unless they or the user say otherwise", async () => {
  const { x, y } = lineData(60);
  const engine = engines.at(-1) as TestEngine;
  /** After how many steps each weights' copy was the last that a callback saw. */
  const changes = async (options: FitOptions, lateSteps: boolean) => {
    const model = classifier(3).compile({ optimizer: "sgd", loss: "binaryCrossentropy", engine });
    const seen: string[] = [];
    const watcher: Callback = {
      lateSteps,
      onStepEnd: ({ training }) => void seen.push(String(training.copyWeights().parameters)),
    };
    await model.fit(x, y, { batchSize: 2, verbose: 0, ...options, callbacks: [watcher] });
    return [seen.length, new Set(seen).size];
  };
  expect(await changes({}, false)).toEqual([30, 30]);
  expect(await changes({ stepsPerCall: 7 }, false)).toEqual([30, 5]);
  expect(await changes({ stepsPerCall: 7 }, true)).toEqual([30, 5]);
});

test("a checkpoint of so many steps is taken after just these", async () => {
  const { x, y } = lineData(60);
  const folder = mkdtempSync(join(tmpdir(), "descent-steps-"));
  try {
    const model = classifier(3).compile({ optimizer: "sgd", loss: "binaryCrossentropy" });
    const checkpoint = { folder, every: { steps: 11 }, keep: { last: 100 } };
    await model.fit(x, y, { batchSize: 2, verbose: 0, stepsPerCall: 8, checkpoint });
    const steps = readdirSync(folder).map((name) => Number(/^step-(\d+)-/.exec(name)?.[1]));
    expect(Math.min(...steps)).toBe(11);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("numbers of steps that no call can have are refused", async () => {
  const model = classifier().compile({ optimizer: "sgd", loss: "binaryCrossentropy" });
  for (const stepsPerCall of [0, -1, 1.5, Number.NaN]) {
    await expect(model.fit([[1, 2]], [[1]], { stepsPerCall })).rejects.toThrow(
      /^fit: stepsPerCall is .* Expected an integer of at least 1/,
    );
  }
});
