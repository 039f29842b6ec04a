import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Dataset, fromArrays, fromGenerator } from "../../src/data/index.ts";
import { callbacks, type FitOptions, type History, layers, type Model, model, sequential } from "../../src/index.ts";
import { allWeights, classifier, lineData, Paper } from "./fixture.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-stream-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const fresh = () => mkdtempSync(join(scratch, "run-"));

const { x, y } = lineData(50);
const arrays = fromArrays({ x, y });
/** The same samples, of which nobody knows how many there are. */
const stream = fromGenerator(function* line() {
  for (let i = 0; i < x.length; i++) yield { x: x[i], y: y[i], id: `sample ${i}` };
});

function trainee(): Model {
  return classifier(3).compile({
    optimizer: "adam",
    loss: "binaryCrossentropy",
    metrics: ["accuracy", "f1"],
    engine: "reference",
  });
}

const quiet: FitOptions = { epochs: 3, batchSize: 8, seed: 5, verbose: 0 };

function outcome(trained: Model, { history, epochs, steps, reason }: History): unknown {
  return { weights: allWeights(trained), history, epochs, steps, reason };
}

class Killed extends Error {}

describe("fit of a dataset", () => {
  test("is fit of the same arrays, bit for bit, the last smaller batch too", async () => {
    const wanted = trainee();
    const history = await wanted.fit(x, y, { ...quiet, shuffle: false, validationData: [x, y] });
    for (const dataset of [arrays, stream, stream.batch(8), arrays.take(60)]) {
      const found = trainee();
      const { batchSize, ...rest } = quiet;
      const options = dataset.flow.batchSize ? rest : { ...rest, batchSize };
      const told = await found.fit(dataset, { ...options, validationData: stream });
      expect(outcome(found, told)).toEqual(outcome(wanted, history));
    }
  });

  test("weighs samples and classes", async () => {
    const sampleWeight = x.map((_, i) => (i % 3) / 2);
    const wanted = trainee();
    const classWeight = [1, 2];
    const history = await wanted.fit(x, y, { ...quiet, shuffle: false, sampleWeight, classWeight });
    const found = trainee();
    const told = await found.fit(fromArrays({ x, y, sampleWeight }), { ...quiet, classWeight });
    expect(outcome(found, told)).toEqual(outcome(wanted, history));
  });

  test("finds the columns of several inputs and outputs by their names", async () => {
    const make = () => {
      const [left, right] = [layers.input({ shape: [1] }), layers.input({ shape: [1] })];
      const joined = layers.concatenate()([left, right]);
      const outputs = { sum: layers.dense(1)(joined), sign: layers.dense(1, { activation: "sigmoid" })(joined) };
      return model({ inputs: { left, right }, outputs }).compile({
        optimizer: "sgd",
        loss: { sum: "meanSquaredError", sign: "binaryCrossentropy" },
        engine: "reference",
      });
    };
    const [left, right] = [x.map(([a = 0]) => [a]), x.map(([, b = 0]) => [b])];
    const sum = x.map(([a = 0, b = 0]) => [a + b]);
    const [wanted, found] = [make(), make()];
    const history = await wanted.fit({ left, right }, { sum, sign: y }, { ...quiet, shuffle: false });
    const told = await found.fit(fromArrays({ right, left, sum, sign: y }), quiet);
    expect(outcome(found, told)).toEqual(outcome(wanted, history));
    await expect(make().fit(fromArrays({ left, sum, sign: y }), quiet)).rejects.toThrow(/none for the input right/);
  });

  test("evaluates and predicts", async () => {
    const trained = trainee();
    await trained.fit(stream.shuffle({ seed: 2, buffer: 20 }), quiet);
    expect(await trained.evaluate(stream, { batchSize: 7 })).toEqual(await trained.evaluate(x, y, { batchSize: 7 }));
    expect(await (await trained.predict(stream)).array()).toEqual(await (await trained.predict(x)).array());
  });

  test("says that nobody knows the length until the first epoch has counted", async () => {
    const paper = new Paper(true, 200);
    const lengths: (number | undefined)[] = [];
    const slow = stream.map(async (sample) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { x: sample["x"], y: sample["y"] };
    });
    const { waiting, seconds } = await trainee().fit(slow, {
      ...quiet,
      epochs: 2,
      verbose: 1,
      terminal: paper,
      callbacks: [
        {
          onEpochBegin: ({ training }) => void lengths.push(training.samples, training.stepsPerEpoch),
        },
      ],
    });
    expect(lengths).toEqual([undefined, undefined, 50, 7]);
    expect(paper.text).toContain("A stream of samples, batches of 8, 2 epochs");
    expect(waiting).toBeGreaterThan(0);
    expect(waiting).toBeLessThan(seconds);
  });

  test("profiles steps, the waiting among the copying", async () => {
    const fast = classifier(3).compile({ optimizer: "adam", loss: "binaryCrossentropy", engine: "wasm" });
    const { profile } = await fast.fit(stream, { ...quiet, profile: { steps: 5 } });
    expect(profile?.step.copy).toBeGreaterThan(0);
  });

  test.each<[string, Dataset | (() => Dataset), FitOptions, RegExp]>([
    ["no such column", () => fromArrays({ a: x, y }), {}, /columns a, y, and none for the input.*dataset\.columns/],
    ["nothing in it", () => arrays.take(0), {}, /empty/],
    ["a validation split", arrays, { validationSplit: 0.2 }, /dataset\.take\(n\) and dataset\.skip\(n\)/],
    ["fit's shuffle", arrays, { shuffle: true }, /dataset\.shuffle\(\)/],
    ["weights beside it", arrays, { sampleWeight: [1] }, /column "sampleWeight"/],
    ["two batch sizes", () => arrays.batch(4), { batchSize: 8 }, /batchSize 8 and a dataset in batches of 4/],
    ["NaN", () => fromArrays({ x: [...x.slice(0, 20), [Number.NaN, 1]], y: y.slice(0, 21) }), {}, /batch 3: x: row 4/],
  ])("refuses %s", async (_, dataset, options, message) => {
    const given = typeof dataset === "function" ? dataset() : dataset;
    const { batchSize, ...rest } = quiet;
    const all = given.flow.batchSize ? { ...rest, ...options } : { ...rest, batchSize, ...options };
    await expect(trainee().fit(given, all)).rejects.toThrow(message);
  });

  test("refuses targets beside a dataset", async () => {
    await expect(trainee().fit(arrays as never, y, quiet)).rejects.toThrow(/together with targets/);
  });
});

describe("epochs of some steps each", () => {
  const endless = stream.shuffle({ seed: 4, buffer: 13 }).repeat();
  const options: FitOptions = { ...quiet, epochs: 4, stepsPerEpoch: 5 };
  const whole = (async () => {
    const straight = trainee();
    return outcome(straight, await straight.fit(endless, options));
  })();

  test("are a stream of samples cut into pieces", async () => {
    const found = trainee();
    const told = await found.fit(endless.take(20 * 8), { ...quiet, epochs: 1 });
    expect(told.steps).toBe(20);
    expect(await whole).toMatchObject({ weights: allWeights(found), steps: 20, epochs: [0, 1, 2, 3] });
  });

  test("go on with the next pass where one ends", async () => {
    const rounds: number[] = [];
    const counted = arrays.map((sample, { pass, index }) => {
      if (index === 0) rounds.push(pass);
      return sample;
    });
    const told = await trainee().fit(counted, options); // passes of 7 steps: 20 steps end in the third
    expect([told.steps, told.history.loss.length]).toEqual([20, 4]);
    expect([...new Set(rounds)]).toEqual([0, 1, 2]);
  });

  test.each([4, 5, 6, 10, 13, 19])("killed at step %i end with the same bits", async (step) => {
    const folder = fresh();
    const killer = {
      onStepEnd(event: { step: number }) {
        if (event.step === step) throw new Killed();
      },
    };
    const fit = trainee().fit(endless, {
      ...options,
      checkpoint: { folder, every: { steps: 2, epochs: 1 } },
      callbacks: [killer],
    });
    await expect(fit).rejects.toThrow(Killed);
    const again = trainee();
    const told = await again.fit(endless, { ...options, checkpoint: { folder, resume: true } });
    expect({ ...(outcome(again, told) as object), steps: 20 }).toEqual(await whole);
  });

  test("are what a dataset without an end needs", async () => {
    await expect(trainee().fit(endless, quiet)).rejects.toThrow(/without an end.*stepsPerEpoch/);
    const lone = trainee();
    await lone.fit(endless, options);
    await expect(lone.evaluate(endless)).rejects.toThrow(/evaluate got a dataset without an end.*take/);
    await expect(trainee().fit(endless, { ...options, validationData: endless })).rejects.toThrow(/validation got/);
    await expect(trainee().fit(x, y, options)).rejects.toThrow(/stepsPerEpoch and arrays/);
  });
});

describe("a training on a stream that goes on from its checkpoint", () => {
  const data = stream.shuffle({ seed: 4, buffer: 13 }).map((sample, { random }) => ({
    x: (sample["x"] as { data: Float32Array }).data.map((value) => value + 0.1 * random.normal()),
    y: sample["y"],
  }));
  const options = (): FitOptions => ({
    ...quiet,
    epochs: 4,
    validationData: arrays,
    callbacks: [callbacks.earlyStopping({ patience: 50, restoreBestWeights: true })],
  });
  const whole = (async () => {
    const straight = trainee();
    return outcome(straight, await straight.fit(data, options()));
  })();

  // 7 steps an epoch, 28 in all
  test.each([1, 5, 6, 7, 8, 17, 27])("killed at step %i ends with the same bits", async (step) => {
    const folder = fresh();
    const killer = {
      onStepEnd(event: { step: number }) {
        if (event.step === step) throw new Killed();
      },
    };
    const given = options();
    const checkpoint = { folder, every: { steps: 2 } };
    const fit = trainee().fit(data, { ...given, checkpoint, callbacks: [...(given.callbacks ?? []), killer] });
    await expect(fit).rejects.toThrow(Killed);
    const again = trainee();
    const told = await again.fit(data, { ...options(), checkpoint: { folder, resume: true } });
    expect({ ...(outcome(again, told) as object), steps: 28 }).toEqual(await whole);
  });

  test("refuses another stream", async () => {
    const folder = fresh();
    await trainee().fit(data, { ...options(), epochs: 1, checkpoint: folder });
    const other = stream.shuffle({ seed: 5, buffer: 13 });
    const fit = trainee().fit(other, { ...options(), checkpoint: { folder, resume: true } });
    await expect(fit).rejects.toThrow(/other training data/);
  });
});

test("a batch of other shapes is refused", async () => {
  const odd = fromGenerator(function* odd() {
    for (let i = 0; i < 64; i++) yield { x: i < 40 ? [1, 2] : [1, 2, 3], y: [0] };
  });
  const lone = sequential([layers.dense(1, { inputShape: [2] })]).compile({
    optimizer: "sgd",
    loss: "meanSquaredError",
  });
  await expect(lone.fit(odd, quiet)).rejects.toThrow(/unlike the first one's|other shapes/);
});
