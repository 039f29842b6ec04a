import { describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/index.ts";
import { evaluate } from "../../src/engines/reference/index.ts";
import { isFloat, type Node, OPS, ops } from "../../src/ir/index.ts";
import { apply } from "../../src/ir/op.ts";
import { gradCheck, Tensor, tensor } from "../../src/tensor/index.ts";
import { HostRandom, product, sameShape } from "../../src/util/index.ts";
import { applySample, evaluated, weighted, worstSlope } from "./numeric.ts";

/** Error of a central difference with step 1e-5 in float64, for third derivatives up to some 1e4. */
const TOLERANCE = 1e-6;
/** Inputs of at most so many elements are checked one by one as well. */
const SMALL = 40;

const differentiable = OPS.filter(({ gradient, samples }) => gradient !== null && samples.length > 0);

describe.each(differentiable.map((record) => [record.name, record] as const))("gradient of %s", (_name, record) => {
  const samples = record.samples
    .map((sample, i) => ({ i, sample, applied: applySample(record, sample) }))
    .filter(({ applied }) => isFloat(applied.output.dtype) && applied.inputs.some(({ dtype }) => isFloat(dtype)));

  it("has a sample to be checked on", () => {
    expect(samples.length).toBeGreaterThan(0);
  });

  it.each(samples.map(({ i, applied }) => [i, applied] as const))(
    "agrees with differences, sample %i",
    (_i, applied) => {
      const { inputs, values, output } = applied;
      const random = new HostRandom(5, 22);
      const first = weighted(output, random);
      expect(worstSlope(first, inputs, values, random)).toBeLessThan(TOLERANCE);
      const floats = inputs.filter(({ dtype }) => isFloat(dtype));
      const second = backward(first, floats)
        .map((slope) => weighted(slope, random))
        .reduce(ops.add);
      expect(worstSlope(second, inputs, values, random)).toBeLessThan(TOLERANCE);
    },
  );

  const small = samples.filter(({ applied }) => applied.inputs.every(({ shape }) => product(shape) <= SMALL));
  it.each(small.map(({ i, sample, applied }) => [i, sample, applied] as const))(
    "agrees with gradCheck element by element, sample %i",
    async (_i, sample, { inputs, values }) => {
      const given = inputs.map(({ shape, dtype }, i) => tensor([...values[i]!], { dtype }).reshape(shape));
      const f = (...x: Tensor[]) =>
        new Tensor(
          apply(
            record,
            x.map(({ node }) => node),
            sample.attributes,
          ),
        );
      const { passed, detail } = await gradCheck(f, given, { order: 2 });
      expect(passed, detail).toBe(true);
    },
  );

  it("gives each float input a gradient of its type, others none", () => {
    for (const { applied } of samples) {
      const { output } = applied;
      const grad = ops.constantLike(output, 1);
      const parts =
        record.gradient === "loop"
          ? output.inputs.map((input) => (isFloat(input.dtype) ? backward(output, [input], grad)[0]! : null))
          : record.gradient!({ node: output, inputs: output.inputs, grad });
      expect(parts.length).toBe(output.inputs.length);
      output.inputs.forEach((input, i) => {
        const part = parts[i];
        if (isFloat(input.dtype))
          expect(part && part.dtype === "float32" && sameShape(part.shape, input.shape)).toBe(true);
        else expect(part ?? null).toBeNull();
      });
    }
  });
});

describe("ops without a gradient", () => {
  const without = OPS.filter(({ gradient }) => gradient === null);

  it("are those known to have none", () => {
    const names = [
      "and",
      "argmax",
      "ceil",
      "constant",
      "data",
      "eq",
      "floor",
      "iota",
      "le",
      "lt",
      "ne",
      "not",
      "or",
      "placeholder",
      "random",
      "round",
      "sign",
    ];
    expect(without.map(({ name }) => name).sort()).toEqual(names);
  });

  it.each(without.map((record) => [record.name, record] as const))(
    "%s has no inputs, gives no float, or is a step function",
    (_name, record) => {
      for (const sample of record.samples) {
        const { inputs, values, output } = applySample(record, sample);
        if (!isFloat(output.dtype) || !inputs.some(({ dtype }) => isFloat(dtype))) continue;
        const at = (by: number) => {
          const given = inputs.map((node, i) => [node, values[i]!.map((value) => value + by)] as const);
          return evaluate([output], new Map(given))[0];
        };
        expect(at(1e-7)).toEqual(at(0));
        expect(at(-1e-7)).toEqual(at(0));
      }
    },
  );
});

/** The gradient of the sum of f at x. */
function slopeAt(f: (x: Node) => Node, x: number[]): number[] {
  const node = ops.placeholder("x", [x.length], "float32");
  return evaluated(backward(f(node), [node])[0]!, [[node, x]]);
}

describe("gradients at kinks, where a convention decides", () => {
  const zeros = (x: Node) => ops.constantLike(x, 0);

  it.each([
    ["relu is flat at 0 (PyTorch, TensorFlow)", ops.relu, [-1, 0, 2], [0, 0, 1]],
    ["abs is flat at 0 (PyTorch, JAX)", ops.abs, [-1, 0, 2], [-1, 0, 1]],
    ["maximum shares at a tie", (x: Node) => ops.maximum(x, zeros(x)), [-1, 0, 2], [0, 0.5, 1]],
    ["minimum shares at a tie", (x: Node) => ops.minimum(x, zeros(x)), [-1, 0, 2], [1, 0.5, 0]],
    ["maximum of twice the same", (x: Node) => ops.maximum(x, x), [-1, 0, 2], [1, 1, 1]],
    ["max shares evenly among the greatest", (x: Node) => ops.max(x, [0]), [3, 1, 3, 3], [1 / 3, 0, 1 / 3, 1 / 3]],
    ["min shares evenly among the least", (x: Node) => ops.min(x, [0]), [3, 1, 3, 1], [0, 0.5, 0, 0.5]],
    ["prod without zeros", (x: Node) => ops.prod(x, [0]), [2, 3, 4], [12, 8, 6]],
    ["prod with one zero", (x: Node) => ops.prod(x, [0]), [2, 0, 4], [0, 8, 0]],
    ["prod with two zeros", (x: Node) => ops.prod(x, [0]), [2, 0, 0], [0, 0, 0]],
    ["pow with exponent 0", (x: Node) => ops.pow(x, zeros(x)), [0, 2, -3], [0, 0, 0]],
    ["pow with exponent 2 at and below 0", (x: Node) => ops.pow(x, ops.constantLike(x, 2)), [0, 2, -3], [0, 4, -6]],
    ["pow by its exponent at 0 and below", (x: Node) => ops.pow(zeros(x), x), [2, 1], [0, 0]],
    ["tanh where it is flat", ops.tanh, [-500, 500], [0, 0]],
    ["sigmoid where it is flat", ops.sigmoid, [-800, 800], [0, 0]],
  ] as const)("%s", (_name, f, x, expected) => {
    const found = slopeAt(f, [...x]);
    found.forEach((slope, i) => expect(slope).toBeCloseTo(expected[i]!, 12));
  });
});
