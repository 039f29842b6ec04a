import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  applyOptimizer,
  clipGradient,
  type Optimizer,
  optimizerFrom,
  optimizers,
  scheduleFrom,
} from "../../src/optim/index.ts";
import { allocate, createProgram, resolveEngine, tensor } from "../../src/tensor/index.ts";
import { expectClose, forEachEngine } from "../../src/testing/index.ts";

interface GoldenArray {
  shape: number[];
  data: number[];
}

interface Golden {
  problem: [{ a: GoldenArray; center: GoldenArray; start: GoldenArray }];
  cases: {
    name: string;
    optimizer: string;
    options: Record<string, number>;
    learningRates?: number[];
    steps: number[];
    parameters: GoldenArray[];
    kerasParameters?: GoldenArray[];
  }[];
  defaults: { optimizer: string; keras: Record<string, number>; pytorch: Record<string, number> }[];
  clipping: { kind: "globalNorm" | "value"; limit: number; gradients: GoldenArray[]; clipped: GoldenArray[] }[];
  schedules: { name: string; schedule: string; options: Record<string, unknown>; steps: number[]; rates: number[] }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/optimizers.json", import.meta.url), "utf8"));
const [{ a, center, start }] = golden.problem;
const size = start.data.length;

/** Walks down the golden function for 100 steps and returns the parameters after each. */
async function walk(engineName: string, optimizer: Optimizer): Promise<Float32Array[]> {
  const { engine } = await resolveEngine(engineName);
  const vector = { shape: [size], dtype: "float32" } as const;
  const slots = Object.keys(optimizer.slots);
  const program = await createProgram({
    name: `walk with ${optimizer.kind}`,
    engine,
    state: { parameter: vector, ...Object.fromEntries(slots.map((slot) => [slot, vector])) },
    inputs: { learningRate: { shape: [], dtype: "float32" }, step: { shape: [], dtype: "float32" } },
    body({ state: { parameter, ...slots }, inputs: { learningRate, step } }) {
      const distance = parameter!.sub(tensor(center.data));
      const gradient = tensor(a.data)
        .reshape(a.shape)
        .matmul(distance.expandDims(1))
        .squeeze(1)
        .add(parameter!.sin().mul(0.25));
      const input = { parameter: parameter!, gradient, slots, learningRate: learningRate!, step: step! };
      const updated = applyOptimizer(optimizer, input, [
        { shape: [2, 2], offset: 0, size: 4 },
        { shape: [2], offset: 4, size: 2 },
      ]);
      return { state: { parameter: updated.parameter, ...updated.slots }, outputs: {} };
    },
  });
  const state = Object.fromEntries(["parameter", ...slots].map((name) => [name, allocate("float32", size, engine)]));
  state["parameter"]!.set(start.data);
  for (const slot of slots) state[slot]!.fill(optimizer.slots[slot]!);
  const bound = program.bind({ state });
  const seen: Float32Array[] = [];
  for (let step = 0; step < 100; step++) {
    bound.inputs["learningRate"]![0] = optimizer.learningRate.at(step);
    bound.inputs["step"]![0] = step + 1;
    await bound.run();
    seen.push(Float32Array.from(state["parameter"]!));
  }
  return seen;
}

await forEachEngine((engine) => {
  describe(`optimizers against PyTorch, 100 steps, ${engine} engine`, () => {
    test.each(golden.cases)("$name", async (entry) => {
      const { learningRates } = entry;
      const options = {
        ...entry.options,
        ...(learningRates && { learningRate: (step: number) => learningRates[step]! }),
      };
      const seen = await walk(engine, optimizerFrom({ kind: entry.optimizer, ...options }));
      // Momentum under a schedule is the paper's and Keras's: past steps keep the rate they were made with.
      const expected = entry.kerasParameters ?? entry.parameters;
      entry.steps.forEach((step, i) => {
        expectClose(seen[step - 1]!, expected[i]!.data, { atol: 1e-6 });
      });
    });

    test("the same update weight by weight as for the flat vector", async () => {
      const rule = (elementwise: boolean) =>
        optimizers.custom<"velocity">(
          ({ parameter, gradient, slots, learningRate }) => {
            const velocity = slots.velocity.mul(0.9).add(gradient);
            return { parameter: parameter.sub(velocity.mul(learningRate)), slots: { velocity } };
          },
          { slots: { velocity: 0 }, elementwise, learningRate: 0.05 },
        );
      const whole = await walk(engine, rule(true));
      (await walk(engine, rule(false))).forEach((parameters, step) => {
        expectClose(parameters, whole[step] ?? [], { atol: 1e-6 });
      });
    });
  });
});

describe("defaults", () => {
  test.each(golden.defaults)("of $optimizer are Keras's or PyTorch's", ({ optimizer, keras, pytorch }) => {
    const { options } = optimizerFrom(optimizer as "adam");
    const documented = options as Record<string, number>;
    for (const name of Object.keys(keras)) {
      expect([keras[name], pytorch[name]], `${optimizer}.${name}`).toContain(documented[name]);
    }
  });
});

describe("clipping", () => {
  test.each(golden.clipping)("$kind $limit", async ({ kind, limit, gradients, clipped }) => {
    const flat = tensor(gradients.flatMap(({ data }) => data));
    const options = kind === "value" ? { clipValue: limit } : { globalClipNorm: limit };
    expectClose(
      await clipGradient(flat, options, []).data(),
      clipped.flatMap(({ data }) => data),
    );
  });

  test("by each weight's own norm; zero gradients stay zero", async () => {
    const segments = [
      { shape: [2], offset: 0, size: 2 },
      { shape: [1, 2], offset: 2, size: 2 },
      { shape: [1], offset: 4, size: 1 },
    ];
    const clipped = await clipGradient(tensor([3, 4, 0, 0, 0.5]), { clipNorm: 1 }, segments).data();
    expectClose(clipped, [0.6, 0.8, 0, 0, 0.5]);
  });
});

describe("schedules", () => {
  test.each(golden.schedules)("$name", ({ schedule, options, steps, rates }) => {
    const { then: learningRate = options["learningRate"], ...rest } = options;
    const made = scheduleFrom({ kind: schedule, ...rest, ...(learningRate !== undefined && { learningRate }) }, "here");
    expectClose(
      steps.map((step) => made.at(step)),
      rates,
      { rtol: 1e-8, atol: 0 },
    );
    // As JSON and back.
    const again = scheduleFrom(JSON.parse(JSON.stringify({ kind: made.kind, ...made.options })), "here");
    expect(steps.map((step) => again.at(step))).toEqual(steps.map((step) => made.at(step)));
  });
});
