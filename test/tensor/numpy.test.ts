import { beforeAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import type { DType, TypedArray } from "../../src/ir/index.ts";
import {
  arange,
  concatenate,
  einsum,
  eye,
  full,
  linspace,
  type Range,
  type ReduceOptions,
  split,
  stack,
  type Tensor,
  where,
} from "../../src/tensor/index.ts";
import { compiledEngines } from "../engine/engines.ts";
import { caseOf, runTable } from "../engine/table.ts";
import golden from "./golden/numpy.json" with { type: "json" };

type Call = (inputs: readonly Tensor[], args: readonly unknown[]) => Tensor;

const reductions = ["sum", "mean", "max", "min", "prod", "var", "std", "any", "all"] as const;
const winners = ["argmax", "argmin"] as const;
const unary = ["round", "floor", "ceil", "sign", "abs", "square"] as const;
const binary = ["sub", "mod", "pow", "matmul"] as const;

/** How each method of the golden file is called. */
const CALLS: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(reductions.map((name): [string, Call] => [name, ([x], [o]) => x![name](o as ReduceOptions)])),
  ...Object.fromEntries(winners.map((name): [string, Call] => [name, ([x], [o]) => x![name](o as { axis?: number })])),
  ...Object.fromEntries(unary.map((name): [string, Call] => [name, ([x]) => x![name]()])),
  ...Object.fromEntries(binary.map((name): [string, Call] => [name, ([x, y]) => x![name](y!)])),
  slice: ([x], ranges) => x!.slice(...(ranges as Range[])),
  flip: ([x], [axis]) => x!.flip(axis as number),
  take: ([x, indices], [axis]) => x!.take(indices!, { axis: axis as number }),
  pad: ([x], [widths, value]) => x!.pad(widths as [number, number][], value as number),
  oneHot: ([x], [depth]) => x!.oneHot(depth as number),
  reshape: ([x], [shape]) => x!.reshape(shape as number[]),
  transpose: ([x], [axes]) => x!.transpose(axes as number[] | undefined),
  expandDims: ([x], [axis]) => x!.expandDims(axis as number),
  squeeze: ([x], [axis]) => x!.squeeze(axis as number | undefined),
  broadcastTo: ([x], [shape]) => x!.broadcastTo(shape as number[]),
  concatenate: (list, [axis]) => concatenate(list, { axis: axis as number }),
  stack: (list, [axis]) => stack(list, { axis: axis as number }),
  split: ([x], [parts, axis, which]) =>
    split(x!, parts as number | number[], { axis: axis as number })[which as number]!,
  einsum: (list, [equation]) => einsum(equation as string, ...list),
  where: ([condition, a, b]) => where(condition!, a!, b!),
  clip: ([x], [low, high]) => x!.clip(low as number, high as number),
  arange: (_, [start, stop, step]) => arange(start as number, stop as number | undefined, step as number | undefined),
  linspace: (_, [start, stop, count]) => linspace(start as number, stop as number, count as number),
  eye: (_, [n]) => eye(n as number),
  full: (_, [shape, value]) => full(shape as number[], value as number),
};

const numbers = (data: readonly (number | string)[]) => data.map(Number);

const cases = golden.cases.map(({ method, inputs, args, expected }, i) => {
  const shapes = inputs.map(({ shape }) => `[${shape}]`).join(", ");
  const name = `${i}: ${method} of ${shapes} ${JSON.stringify(args)}`;
  const given = inputs.map((each) => ({
    dtype: ("dtype" in each ? each.dtype : "float32") as DType,
    values: numbers(each.data),
    shape: each.shape,
  }));
  return { name, expected, run: caseOf(name, given, (...x) => CALLS[method]!(x, args)) };
});

for (const engine of [referenceEngine, ...(await compiledEngines())]) {
  describe(`as NumPy ${golden.numpy}, on ${engine.name}`, () => {
    let found: Map<string, TypedArray[]>;
    beforeAll(async () => {
      found = await runTable(
        engine,
        cases.map(({ run }) => run),
      );
    });
    it.each(cases.map(({ name, expected, run }) => [name, expected, run] as const))("%s", (name, expected, run) => {
      expect(run.program.outputs[0]!.shape).toEqual(expected.shape);
      const values = found.get(name)![0]!;
      expect(values.length).toBe(expected.data.length);
      numbers(expected.data).forEach((value, i) => {
        const close =
          Object.is(values[i], value) || Math.abs(values[i]! - value) <= 1e-6 * Math.max(1, Math.abs(value));
        expect(close, `element ${i} is ${values[i]}, not ${value}`).toBe(true);
      });
    });
  });
}
