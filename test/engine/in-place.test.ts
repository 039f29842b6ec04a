import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/engines/reference/index.ts";
import { ops } from "../../src/ir/index.ts";
import { expectClose } from "../../src/testing/index.ts";
import { HostRandom, product } from "../../src/util/index.ts";
import { compiledEngines } from "./engines.ts";

describe.each((await compiledEngines()).map((engine) => [engine.name, engine] as const))("on %s", (_name, engine) => {
  // Numbers of rows and columns that no tile divides: what a tile has too many must not be stored, or it would be added twice.
  it.each([
    [5, 8],
    [7, 8],
    [22, 8],
    [22, 5],
    [50, 33],
    [131, 40],
  ])("a product of %i rows and %i columns is made in the place of what is added to it", async (rows, columns) => {
    const x = ops.placeholder("x", [rows, columns], "float32");
    const w = ops.placeholder("w", [columns, columns], "float32");
    const first = ops.exp(x);
    const second = ops.add(ops.matmul(ops.matmul(first, w), w), first);
    const output = ops.matmul(second, w);
    const executable = await engine.compile({ name: "residual", inputs: [x, w], state: [], outputs: [output] });
    const random = new HostRandom(rows);
    const inputs = [x, w].map(({ dtype, shape }) => {
      const values = engine.allocate(dtype, product(shape));
      for (let i = 0; i < values.length; i++) values[i] = random.uniform() - 0.5;
      return values;
    });
    const outputs = [engine.allocate("float32", rows * columns)];
    await executable.bind({ inputs, state: [], outputs })();
    const given = new Map([x, w].map((node, i) => [node, Float64Array.from(inputs[i]!)]));
    expect(executable.facts.kernels).toBeGreaterThan(3);
    expectClose(outputs[0]!, evaluate([output], given)[0]!, { rtol: 1e-4, atol: 1e-5 });
  });
});
