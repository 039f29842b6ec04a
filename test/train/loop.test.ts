import { describe, expect, test } from "vitest";
import { type FitOptions, layers, sequential } from "../../src/index.ts";
import { availableEngines, type TestEngine } from "../../src/testing/index.ts";
import { HostRandom } from "../../src/util/index.ts";

/** Counts turns of the event loop while `work` runs: each turn's callback asks for the next. */
async function countTurns(work: (turns: () => number) => Promise<unknown>): Promise<number> {
  let turns = 0;
  let running = true;
  const turn = () => {
    turns++;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await work(() => turns);
  running = false;
  return turns;
}

/** Trains; returns for every turn of the event loop in which a step ended how many steps ended in it, and all turns. */
async function stepsPerTurn(
  engine: TestEngine,
  width: number,
  rows: number,
  options: FitOptions,
): Promise<{ steps: number[]; turns: number }> {
  const random = new HostRandom(1);
  const numbers = (columns: number) => ({
    data: Float32Array.from({ length: rows * columns }, () => random.uniform()),
    shape: [rows, columns],
  });
  const model = sequential([
    layers.dense(width, { activation: "tanh", inputShape: [width] }),
    layers.dense(width, { activation: "tanh" }),
    layers.dense(1),
  ]).compile({ optimizer: "adam", loss: "meanSquaredError", engine });
  const [x, y] = [numbers(width), numbers(1)];
  await model.fit(x, y, { ...options, epochs: 1, verbose: 0 }); // compiled
  const steps = new Map<number, number>();
  const turns = await countTurns((now) => {
    const onStepEnd = () => void steps.set(now(), (steps.get(now()) ?? 0) + 1);
    return model.fit(x, y, { ...options, verbose: 0, callbacks: [{ onStepEnd }] });
  });
  return { steps: [...steps.values()], turns };
}

const compiled = (await availableEngines()).filter((name) => name !== "reference");

describe.each(compiled)("on %s", (name) => {
  test("the event loop turns during every step that is worth leaving it", async () => {
    const { steps, turns } = await stepsPerTurn(name, 512, 512, { batchSize: 128, epochs: 5 });
    expect(steps.reduce((sum, count) => sum + count, 0)).toBe(20);
    // Turns are counted by immediates: where a step on this thread is followed by one beside it, both end between two of them.
    expect(Math.max(...steps)).toBeLessThanOrEqual(2);
    expect(steps.length).toBeGreaterThan(15);
    expect(turns).toBeGreaterThan(20);
  });

  test("steps of microseconds let the event loop turn every now and then", async () => {
    const many = 400_000;
    const { steps } = await stepsPerTurn(name, 4, 1000, { batchSize: 1, epochs: many / 1000 });
    expect(steps.reduce((sum, count) => sum + count, 0)).toBe(many);
    expect(Math.max(...steps)).toBeLessThan(many / 4);
  });

  test("epochs of few steps let the event loop turn every now and then", async () => {
    const { steps } = await stepsPerTurn(name, 4, 3, { batchSize: 1, epochs: 40_000 });
    expect(Math.max(...steps)).toBeLessThan(120_000 / 4);
  });
});
