import { readFileSync } from "node:fs";
import { describe, test } from "vitest";
import { applyOptimizer, clipGradient, type Optimizer, optimizers } from "../../src/optim/index.ts";
import { allocate, createProgram, resolveEngine, tensor } from "../../src/tensor/index.ts";
import { expectClose, forEachEngine } from "../../src/testing/index.ts";

interface GoldenArray {
  shape: number[];
  data: number[];
}

interface Golden {
  problem: [{ a: GoldenArray; center: GoldenArray; start: GoldenArray }];
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
  describe(`a custom optimizer, ${engine} engine`, () => {
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

describe("clipping", () => {
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
