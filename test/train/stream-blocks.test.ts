import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Dataset, fromGenerator } from "../../src/data/index.ts";
import { type FitOptions, layers, type Model, sequential } from "../../src/index.ts";
import { availableEngines } from "../../src/testing/index.ts";
import { HostRandom } from "../../src/util/index.ts";
import { allWeights } from "./fixture.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-blocks-"));
class Killed extends Error {}
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** 333 samples, of which one may be wrong. */
const shuffled = (wrong?: number) =>
  fromGenerator(function* line() {
    const random = new HostRandom(5);
    for (let i = 0; i < 333; i++) {
      const x = Array.from({ length: 6 }, () => random.normal());
      yield { x: i === wrong ? [Number.NaN, ...x.slice(1)] : x, y: random.integer(3), sampleWeight: random.uniform() };
    }
  }).shuffle({ seed: 2, buffer: 80 });

const samples = (wrong?: number) => shuffled(wrong).batch(9);

/** The same samples, in batches that are copied: what is changed after it was shuffled does not lie in windows. */
const copied = (wrong?: number) =>
  shuffled(wrong)
    .map((sample) => sample)
    .batch(9);

const engines = (await availableEngines()).filter((name) => name !== "reference");

describe.each(engines)("windows of a stream on %s", (engine) => {
  function trainee(): Model {
    return sequential(
      [
        layers.dense(8, { activation: "relu", inputShape: [6] }),
        layers.batchNormalization(),
        layers.dropout(0.2),
        layers.dense(3, { activation: "softmax" }),
      ],
      { seed: 4 },
    ).compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"], engine });
  }

  async function outcome(data: Dataset, options: FitOptions) {
    const steps: unknown[] = [];
    const listener = {
      lateSteps: true,
      onStepEnd({ epoch, step, loss, size }: { epoch: number; step: number; loss: number; size: number }) {
        steps.push([epoch, step, loss, size]);
      },
    };
    const model = trainee();
    const { history } = await model.fit(data, {
      epochs: 3,
      seed: 9,
      verbose: 0,
      classWeight: [1, 2, 0.5],
      callbacks: [listener],
      ...options,
    });
    return { weights: allWeights(model), history, steps };
  }

  test.each<[string, FitOptions]>([
    ["a pass an epoch", {}],
    ["epochs of 25 steps, over the ends of windows and passes", { stepsPerEpoch: 25 }],
  ])("fetched by the engine, they leave the same bits as copied: %s", async (_, more) => {
    const one = await outcome(copied(), more);
    expect(one.steps).toHaveLength(3 * (more.stepsPerEpoch ?? 37));
    for (const stepsPerCall of [1, 2, 1000, undefined]) {
      expect(await outcome(samples(), { ...more, stepsPerCall })).toEqual(one);
    }
  });

  test("a training that was killed goes on within a window, with the same bits", async () => {
    const whole = trainee();
    const options = { epochs: 2, seed: 9, verbose: 0 } as const;
    await whole.fit(samples(), options);
    for (const steps of [3, 7]) {
      const folder = join(scratch, `${engine}-${steps}`);
      const killer = {
        lateSteps: true,
        async onStepEnd({ step }: { step: number }) {
          if (step <= steps * Math.ceil(38 / steps)) return; // the second pass has no checkpoint yet
          for (let wait = 0; wait < 200; wait++) {
            await new Promise((resolve) => setTimeout(resolve, 10)); // checkpoints are written meanwhile
            if (readdirSync(folder).some((name) => /^step-0+(3[89]|[4-7]\d)-/.test(name))) throw new Killed();
          }
        },
      };
      const begun = trainee().fit(samples(), {
        ...options,
        checkpoint: { folder, every: { steps } },
        callbacks: [killer],
      });
      await expect(begun).rejects.toThrow(Killed);
      const rest = trainee();
      const heard: number[] = [];
      const listener = { lateSteps: true, onStepEnd: ({ step }: { step: number }) => void heard.push(step) };
      await rest.fit(samples(), { ...options, checkpoint: { folder, resume: true }, callbacks: [listener] });
      expect(heard[0]).toBeGreaterThan(38); // in the second pass, not at its beginning
      expect(heard.at(-1)).toBe(2 * 37);
      expect(allWeights(rest)).toEqual(allWeights(whole));
    }
  });

  test.each([0, 60, 300, 332])(
    "a wrong sample is told by its batch, wherever in a window it lies: %i",
    async (wrong) => {
      const message = async (data: Dataset) =>
        trainee()
          .fit(data, { verbose: 0 })
          .then(
            () => "none",
            (error: Error) => error.message,
          );
      const told = await message(copied(wrong));
      expect(told).toMatch(/^batch \d+: x: row \d, column 0 is NaN/);
      expect(await message(samples(wrong))).toBe(told);
    },
  );
});
