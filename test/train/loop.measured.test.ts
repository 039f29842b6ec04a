import { expect, test } from "vitest";
import { layers, type Model, sequential } from "../../src/index.ts";
import { resolveEngine } from "../../src/tensor/index.ts";
import { HostRandom } from "../../src/util/index.ts";

const { engine, reason } = await resolveEngine();

function network(widths: readonly number[]): Model {
  const [inputs = 1, ...units] = widths;
  const built = sequential(
    units.map((width, i) => layers.dense(width, { activation: "tanh", ...(i === 0 && { inputShape: [inputs] }) })),
  );
  return built.compile({ optimizer: "adam", loss: "meanSquaredError", metrics: ["meanAbsoluteError"] });
}

function numbers(rows: number, columns: number): { data: Float32Array; shape: number[] } {
  const random = new HostRandom(rows);
  return { data: Float32Array.from({ length: rows * columns }, () => random.uniform()), shape: [rows, columns] };
}

test("10,000 steps leave the resident memory as it was (below 1 % growth after warming up)", async (context) => {
  context.skip(engine.name !== "native", `needs native: ${reason}`);
  const model = network([32, 64, 8]);
  const [x, y] = [numbers(1000, 32), numbers(1000, 8)];
  const train = (epochs: number) => model.fit(x, y, { batchSize: 10, epochs, verbose: 0 });
  await train(100); // 10,000 steps to warm up
  // What leaks grows every time; what Node keeps ready for later grows now and then.
  const growth: number[] = [];
  for (let round = 0; round < 3; round++) {
    const before = resident();
    await train(100);
    growth.push(resident() / before);
  }
  expect(Math.min(...growth)).toBeLessThan(1.01);
});

function resident(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}
