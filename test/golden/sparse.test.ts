import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { applyOptimizer, type Optimizer, optimizers } from "../../src/optim/index.ts";
import { allocate, createProgram, gradients, resolveEngine, tensor } from "../../src/tensor/index.ts";
import { expectClose, forEachEngine } from "../../src/testing/index.ts";
import { lazily } from "../passes/table-update.ts";

interface Case {
  readonly name: string;
  readonly rows: { readonly shape: readonly number[]; readonly data: readonly number[] };
  readonly squares: number;
}

const [ROWS, WIDTH, STEPS, COUNT] = [2100, 64, 5, 60];
const golden: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("sparse.json", import.meta.url), "utf8"),
);
const RULES: Readonly<Record<string, Optimizer>> = {
  sgd: optimizers.sgd({ learningRate: 0.05 }),
  adagrad: optimizers.adagrad({ learningRate: 0.05 }),
  "lazy adam": lazily(optimizers.adam({ learningRate: 0.05, epsilon: 1e-30 })),
};

// See make_sparse.py for the formulas.
const table = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => (((37 * i) % 257) - 128) / 256);
const scale = Array.from({ length: WIDTH }, (_, j) => (((11 * j) % 31) - 15.5) / 16);
const namedAt = (step: number) => Int32Array.from({ length: COUNT }, (_, t) => ((7 * step + t * t) % 50) * 40);

/** The table after all steps, which update it by its rows where the engine can. */
async function walk(engineName: string, optimizer: Optimizer): Promise<Float32Array> {
  const { engine } = await resolveEngine(engineName);
  const size = ROWS * WIDTH;
  const vector = { shape: [size], dtype: "float32" } as const;
  const slots = Object.keys(optimizer.slots);
  const program = await createProgram({
    name: `rows with ${optimizer.kind}`,
    engine,
    state: { parameter: vector, ...Object.fromEntries(slots.map((slot) => [slot, vector])) },
    inputs: { named: { shape: [COUNT], dtype: "int32" }, step: { shape: [], dtype: "float32" } },
    body({ state: { parameter, ...slots }, inputs: { named, step } }) {
      const whole = parameter!.reshape([ROWS, WIDTH]);
      const loss = whole.take(named!).mul(tensor(scale)).tanh().sub(0.3).square().sum();
      const [gradient] = gradients(loss, [parameter!]);
      const input = { parameter: parameter!, gradient: gradient!, slots, learningRate: tensor(0.05), step: step! };
      const updated = applyOptimizer(optimizer, input, [{ shape: [ROWS, WIDTH], offset: 0, size }]);
      return { state: { parameter: updated.parameter, ...updated.slots } };
    },
  });
  const parameter = allocate("float32", size, engine) as Float32Array;
  parameter.set(table);
  const bound = program.bind({ state: { parameter } });
  for (const slot of slots) (bound.state[slot] as Float32Array).fill(optimizer.slots[slot]!);
  for (let step = 0; step < STEPS; step++) {
    bound.inputs["named"]!.set(namedAt(step));
    bound.inputs["step"]![0] = step + 1;
    await bound.run();
  }
  return parameter.slice();
}

await forEachEngine((engine) => {
  describe(`updates by rows on ${engine} do what PyTorch's sparse gradients do`, () => {
    it.each(golden.cases)("$name", async ({ name, rows, squares }) => {
      const found = await walk(engine, RULES[name]!);
      const seen = new Set(Array.from({ length: STEPS }, (_, step) => [...namedAt(step)]).flat());
      const shown = rows.shape[1]!;
      const own = [...seen].sort((a, b) => a - b).flatMap((row) => [...found.slice(row * WIDTH, row * WIDTH + shown)]);
      expectClose(own, rows.data, { atol: 2e-6, rtol: 2e-6 });
      expect(found.reduce((sum, each) => sum + each * each, 0) / squares).toBeCloseTo(1, 6);
      // Rows that were never named are as they were.
      const still = found.findIndex((each, i) => !seen.has(Math.floor(i / WIDTH)) && each !== table[i]);
      expect(still).toBe(-1);
    });
  });
});
