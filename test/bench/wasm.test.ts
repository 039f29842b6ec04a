import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { CASES, flopOf } from "../../bench/cases.ts";
import { startDescent } from "../../bench/wasm/descent.ts";
import { measure } from "../../bench/wasm/measure.ts";
import { factors, firstWeights, oneHot, samplesOf } from "../../bench/wasm/numbers.ts";
import { fmaModule } from "../../bench/wasm/peak-module.ts";
import { formatErrors, formatResults } from "../../bench/wasm/report.ts";
import { answering, helloOf, type Rival } from "../../bench/wasm/requests.ts";
import { sampled, type TrainingTask } from "../../bench/wasm/task.ts";
import { PRODUCT, tasks } from "../../bench/wasm/tasks.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(root + path, "utf8");
const trainings = tasks().filter((task): task is TrainingTask => task.kind === "training");
const size = (shape: readonly number[]) => shape.reduce((total, axis) => total * axis, 1);

describe("the cases", () => {
  test("are those of the issue, each with all that a peer needs", () => {
    expect(tasks().map(({ name }) => name)).toEqual(["mlp-mnist", "mlp-wide", "cnn-mnist", "matmul-1024"]);
    expect(PRODUCT.flop).toBe(2 * 1024 ** 3);
  });

  test.each(trainings)("$name is the suite's network, said without Descent", (task) => {
    const suite = CASES.find(({ name }) => name === task.name)!;
    const { network } = suite.make(1);
    expect(task.batch).toBe(suite.batch);
    expect(task.flop).toBe(flopOf(network, suite.batch));
    expect(task.weights.reduce((total, { shape }) => total + size(shape), 0)).toBe(network.parameters.length);
    expect(task.classes).toBe(network.outputs[0]!.shape.at(-1));
    expect(size(task.inputShape)).toBe(size(network.inputs[0]!.shape));
  });

  test.each(["jax", "tfjs"])("%s knows every layer of them", (peer) => {
    const source = read(`bench/peers/${peer}.ts`);
    for (const { layers } of trainings)
      for (const { kind } of layers) expect(source).toMatch(new RegExp(`\\b${kind}\\b`));
  });

  test("peers are pinned: the versions wanted are the ones locked", () => {
    const { dependencies } = JSON.parse(read("bench/peers/package.json"));
    const { packages } = JSON.parse(read("bench/peers/package-lock.json"));
    for (const [name, version] of Object.entries(dependencies))
      expect(packages[`node_modules/${name}`].version).toBe(version);
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(["@jax-js/jax", "@tensorflow/tfjs-backend-wasm"]));
  });
});

describe("the numbers that all begin with", () => {
  const task = trainings[0]!;

  test("are the same every time, and the first batch is the same in a longer data set", () => {
    const bytes = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const [once, again] = [firstWeights(task), firstWeights(task)];
    for (const { path } of task.weights) expect(bytes(once[path]!).equals(bytes(again[path]!))).toBe(true);
    const [short, long] = [samplesOf(task, 2), samplesOf(task, 4)];
    expect(bytes(long.x.subarray(0, short.x.length)).equals(bytes(short.x))).toBe(true);
    expect(long.y.subarray(0, 2)).toEqual(short.y);
  });

  test("are spread as they should be", () => {
    const kernel = firstWeights(task)[task.weights[0]!.path]!;
    const limit = Math.sqrt(6 / (784 + 512));
    const mean = kernel.reduce((sum, each) => sum + each, 0) / kernel.length;
    const square = kernel.reduce((sum, each) => sum + each ** 2, 0) / kernel.length;
    expect(Math.abs(mean)).toBeLessThan(limit / 200);
    expect(square / (limit ** 2 / 3)).toBeCloseTo(1, 2);
    const { y } = samplesOf(task, 5000);
    for (let label = 0; label < 10; label++) expect(y.filter((each) => each === label).length).toBeGreaterThan(400);
    expect([...oneHot(Int32Array.of(2, 0), 3)]).toEqual([0, 0, 1, 1, 0, 0]);
  });
});

test("the modules that measure the peak compute a * b + c", async () => {
  const { bytes, flop } = fmaModule(false);
  const { instance } = await WebAssembly.instantiate(bytes);
  const f = instance.exports.f as (loops: number, seed: number) => number;
  // One turn of 8 for each of 12 chains, in float32 as the vectors do.
  const [b, c] = [Math.fround(0.999999), Math.fround(1e-6)];
  const once = (value: number) => Math.fround(Math.fround(value * b) + c);
  const chains = Array.from({ length: 12 }, (_, i) => {
    let value = 1 + 4 + i;
    for (let step = 0; step < 8; step++) value = once(value);
    return value;
  });
  expect(f(1, 1)).toBeCloseTo(
    chains.reduce((sum, each) => sum + each, 0),
    3,
  );
  expect(flop).toBe(2 * 4 * 12 * 8 * 500_000);
  expect(fmaModule(true).flop).toBe(flop);
});

describe("a comparison", () => {
  // Times don't matter here: no waiting for others on the machine to be done.
  const atOnce = { waitMs: 0, repeats: 1 };
  const rival = async (): Promise<Rival> => {
    const contestant = await startDescent("0.0.0", 1);
    return { hello: helloOf(contestant), ask: answering(contestant), async stop() {} };
  };

  test("of Descent with itself: the same losses, and times of every block", async () => {
    const result = await measure({ ...trainings[0]!, steps: 1 }, [await rival(), await rival()], 2, atOnce);
    const [ours, theirs] = result.showings;
    expect(ours?.error).toBeUndefined();
    expect(theirs?.first).toEqual(ours?.first);
    expect(ours?.first).toHaveLength(5);
    expect(theirs?.times?.blocks).toHaveLength(2);
    expect(ours?.ratio).toBeUndefined();
    expect(theirs?.ratio?.median).toBeGreaterThan(0);
    const printed = formatResults([result], { separate: 50, fused: 60 });
    expect(printed).toMatch(
      /^case +Descent ms\/step +FLOP\/s +of peak +Descent ms\/step +of peak +takes +others used\nmlp-mnist /,
    );
  });

  test("says in its own words what a library can't do", async () => {
    const task = { ...trainings[0]!, name: "mlp-unheard-of" };
    const result = await measure(task, [await rival()], 1, atOnce);
    expect(formatErrors([result])).toEqual([
      "Descent, mlp-unheard-of: Error: bench/cases.ts has no case mlp-unheard-of",
    ]);
  });

  test("of products looks at their elements", async () => {
    const task = { ...PRODUCT, size: 8, steps: 2 };
    const [a, b] = factors(8);
    const expected = sampled(8).map((i) => {
      let sum = 0;
      for (let k = 0; k < 8; k++) sum += a[Math.floor(i / 8) * 8 + k]! * b[k * 8 + (i % 8)]!;
      return sum;
    });
    const { showings } = await measure(task, [await rival()], 1, atOnce);
    showings[0]!.first.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  });
});
