import { describe, expect, it } from "vitest";
import { layers, sequential } from "../../src/index.ts";
import { availableEngines, type TestEngine } from "../../src/testing/index.ts";

// Updates of more than 131,072 parameters are done in parts (src/passes/split-concats.ts), which smaller models never see.

/** Units of the layers, the inputs first: products of few and of many rows, first, in the middle and last, large and small beside others. */
const SIZES = [
  [64, 4096, 64, 1],
  [100, 1500, 8],
  [2, 70_000, 2],
  [300, 300, 300],
  [5, 400, 3, 20_000, 4],
] as const;

async function trained(engine: TestEngine, [inputs, ...units]: readonly number[]): Promise<readonly Float32Array[]> {
  const net = units.map((size, i) =>
    layers.dense(size, { activation: "tanh", ...(i === 0 && { inputShape: [inputs!] }) }),
  );
  const model = sequential(net, { seed: 1 }).compile({
    optimizer: { kind: "momentum", learningRate: 1 },
    loss: "meanSquaredError",
    engine,
  });
  const rows = 6;
  const x = { data: Float32Array.from({ length: rows * inputs! }, (_, i) => Math.sin(i)), shape: [rows, inputs!] };
  const last = units.at(-1)!;
  const y = { data: Float32Array.from({ length: rows * last }, (_, i) => Math.cos(i)), shape: [rows, last] };
  await model.fit(x, y, { epochs: 2, batchSize: rows, verbose: 0 });
  return Object.values(model.getWeights()).map((weight) => weight.slice());
}

describe("a large model learns as on the reference engine", () => {
  const engines = availableEngines();
  it.each(SIZES.map((sizes) => [sizes.join(", "), sizes] as const))("%s", async (_, sizes) => {
    const wanted = await trained("reference", sizes);
    const start = Object.values(
      sequential(
        sizes.slice(1).map((size, i) => layers.dense(size, i === 0 ? { inputShape: [sizes[0]] } : {})),
        { seed: 1 },
      ).getWeights(),
    );
    for (const engine of await engines) {
      if (engine === "reference") continue;
      const found = await trained(engine, sizes);
      found.forEach((weight, i) => {
        let [worst, moved] = [0, 0];
        weight.forEach((value, k) => {
          worst = Math.max(worst, Math.abs(value - wanted[i]![k]!));
          moved = Math.max(moved, Math.abs(wanted[i]![k]! - start[i]![k]!));
        });
        expect(moved).toBeGreaterThan(1e-4);
        expect(worst, `weight ${i} on ${engine}`).toBeLessThan(1e-3 * moved);
      });
    }
  });
});
