import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/engines/reference/index.ts";
import { ops } from "../../src/ir/index.ts";
import { gradients, scan, Tensor, zeros } from "../../src/tensor/index.ts";
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

  // Large enough that workers share every kernel of a turn: whoever writes a slice has to wait for those that still read it.
  it.each([false, true])(
    "a loop's stacks are made in the place of those that it reads, reverse: %s",
    async (reverse) => {
      const [steps, batch, units] = [5, 32, 64];
      const x = ops.placeholder("x", [steps, batch, units], "float32");
      const w = ops.placeholder("w", [units, 4 * units], "float32");
      const u = ops.placeholder("u", [units, 4 * units], "float32");
      const gate = (z: Tensor, i: number) => z.slice(null, [i * units, (i + 1) * units]);
      const [, ys] = scan(
        ([h, c]: readonly [Tensor, Tensor], slice: Tensor) => {
          const z = slice.add(h.matmul(new Tensor(u)));
          const next = gate(z, 1)
            .sigmoid()
            .mul(c)
            .add(gate(z, 0).sigmoid().mul(gate(z, 2).tanh()));
          const output = gate(z, 3).sigmoid().mul(next.tanh());
          return [[output, next] as const, output] as const;
        },
        {
          init: [zeros([batch, units]), zeros([batch, units])] as const,
          xs: new Tensor(x).matmul(new Tensor(w)),
          reverse,
        },
      );
      const outputs = gradients(ys.square().sum(), [new Tensor(w), new Tensor(u)]).map(({ node }) => node);
      const executable = await engine.compile({ name: "recurrent", inputs: [x, w, u], state: [], outputs });
      const random = new HostRandom(7);
      const inputs = [x, w, u].map(({ dtype, shape }) => {
        const values = engine.allocate(dtype, product(shape));
        for (let i = 0; i < values.length; i++) values[i] = (random.uniform() - 0.5) / 2;
        return values;
      });
      const found = outputs.map(({ shape }) => engine.allocate("float32", product(shape)));
      await executable.bind({ inputs, state: [], outputs: found })();
      const given = new Map([x, w, u].map((node, i) => [node, Float64Array.from(inputs[i]!)]));
      evaluate(outputs, given).forEach((exact, i) => {
        expectClose(found[i]!, exact, { rtol: 1e-3, atol: 1e-4 });
      });
      // The sums before the gates, of four units each, lie in one place with what they are made of and with their gradient.
      expect(executable.facts.arenaBytes).toBeLessThan(9 * 4 * steps * batch * units);
    },
  );
});
