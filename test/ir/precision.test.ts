import { describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/index.ts";
import { difference, joinCases, opCases, runCase } from "../../src/engine/index.ts";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import {
  bfloat16,
  evaluateScalar,
  identify,
  type Node,
  OPS,
  type OpRecord,
  ops,
  print,
  scalar,
  withPrecision,
} from "../../src/ir/index.ts";
import { compileKernels, simplify } from "../../src/passes/index.ts";
import { gradients, scan, Tensor, zeros } from "../../src/tensor/index.ts";
import { HostRandom } from "../../src/util/index.ts";
import { compiledEngines } from "../engine/engines.ts";
import { applySample, evaluated, weighted } from "./numeric.ts";

/** The products among all ops, each in bfloat16. */
const products: OpRecord[] = OPS.filter(({ family }) => family === "contraction").map((record) => ({
  ...record,
  samples: record.samples.map((sample) => ({
    ...sample,
    attributes: { ...sample.attributes, precision: "bfloat16" },
  })),
}));

/** The products in the text of a graph, loops included, and those of them that are in bfloat16. */
function productsOf(roots: readonly Node[]): { all: number; rounded: number } {
  const lines = print(roots)
    .split("\n")
    .filter((line) => /= (matmul|conv\w*)\(/.test(line));
  return { all: lines.length, rounded: lines.filter((line) => line.includes("precision=")).length };
}

const rounding = bfloat16(scalar.arg(0, "f32"));
const rounded = (x: number): number => evaluateScalar(rounding, [x]);

describe("rounding to bfloat16", () => {
  it.each([
    ["halves go to even, down", 1 + 2 ** -8, 1],
    ["halves go to even, up", 1 + 3 * 2 ** -8, 1 + 2 ** -6],
    ["the largest numbers become infinite", 3.4e38, Number.POSITIVE_INFINITY],
    ["infinity stays", Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ["NaN stays", Number.NaN, Number.NaN],
    ["the smallest normal number stays", 2 ** -126, 2 ** -126],
    ["smaller ones become zero", 2 ** -127, 0],
    ["with their sign", -(2 ** -140), -0],
    ["zeros keep theirs", -0, -0],
  ])("%s", (_name, x, expected) => {
    expect(rounded(x)).toBe(expected);
    // The meaning of a product says the same: x times 1.
    const one = ops.matmul(ops.constant(x, [1, 1], "float32"), ops.constant(1, [1, 1], "float32"));
    const product = withPrecision("bfloat16", () => ops.matmul(one.inputs[0]!, one.inputs[1]!));
    expect(evaluated(product, [])[0]! + 0).toBe(expected + 0);
  });

  it("is off by 2^-9 of the number at most, and changes nothing twice", () => {
    const random = new HostRandom(24);
    for (let i = 0; i < 2000; i++) {
      const x = Math.fround((random.uniform() - 0.5) * 2 ** (random.integer(60) - 30));
      expect(Math.abs(rounded(x) - x)).toBeLessThanOrEqual(2 ** -8 * Math.abs(x));
      expect(rounded(rounded(x))).toBe(rounded(x));
      expect(rounded(-x)).toBe(-rounded(x));
    }
  });
});

describe("products in bfloat16", () => {
  const x = ops.placeholder("x", [8, 300], "float32");
  const w = ops.placeholder("w", [300, 6], "float32");
  const inBfloat16 = () => withPrecision("bfloat16", () => ops.matmul(x, w));

  it("are other nodes than those of float32, for whoever tells them apart", () => {
    const [plain, half] = [ops.matmul(x, w), inBfloat16()];
    expect(plain.attributes).toEqual({});
    expect(half.attributes).toEqual({ precision: "bfloat16" });
    const [one, other] = simplify([plain, half]);
    expect(one).not.toBe(other);
    const text = (output: Node) => identify({ name: "p", inputs: [x, w], state: [], outputs: [output] }).text;
    expect(text(plain)).not.toBe(text(half));
    const { program } = compileKernels({ name: "p", inputs: [x, w], state: [], outputs: [half] });
    expect(program.steps.map(({ kernel }) => kernel.kind === "contraction" && kernel.precision)).toEqual(["bfloat16"]);
  });

  it("have gradients of such products, of any order, also taken elsewhere and in loops; others do not", () => {
    const loss = (y: Node) => ops.sum(ops.mul(y, y), [0, 1]);
    const first = backward(loss(inBfloat16()), [x, w]);
    expect(productsOf(first)).toEqual({ all: 3, rounded: 3 });
    const second = backward(loss(first[1]!), [x]);
    expect(productsOf(second).all).toBeGreaterThan(3);
    expect(productsOf(second).rounded).toBe(productsOf(second).all);
    expect(() => withPrecision("bfloat" as "bfloat16", () => x)).toThrow(/unknown precision "bfloat".*did you mean/);
    const outside = withPrecision("bfloat16", () => backward(loss(ops.identity(ops.matmul(x, w))), [x]));
    expect(productsOf(outside)).toEqual({ all: 2, rounded: 2 });
    const plain = ops.matmul(x, w);
    expect(productsOf(withPrecision("bfloat16", () => backward(loss(plain), [x]))).rounded).toBe(0);

    const steps = new Tensor(ops.placeholder("steps", [5, 4, 3], "float32"));
    const kernel = new Tensor(ops.placeholder("kernel", [3, 3], "float32"));
    const [end] = withPrecision("bfloat16", () =>
      scan((h: Tensor, each: Tensor) => [h.matmul(kernel).add(each).tanh(), h] as const, {
        init: zeros([4, 3]),
        xs: steps,
      }),
    );
    const slopes = gradients(end.sum(), [kernel, steps]).map(({ node }) => node);
    expect(productsOf(slopes).all).toBeGreaterThanOrEqual(3);
    expect(productsOf(slopes).rounded).toBe(productsOf(slopes).all);
  });

  // Rounding is a staircase: differences say nothing of its slope. What a product's gradient is by definition, the product of rounded
  // operands, lies within the rounding of that of float32: each factor is off by 2^-8 of itself at most.
  it.each(products.map((record) => [record.name, record] as const))(
    "%s: gradients go straight through the rounding",
    (_name, record) => {
      record.samples.forEach((sample) => {
        const { inputs, values, output } = applySample(record, sample);
        const plain = applySample(record, { ...sample, attributes: { ...sample.attributes, precision: undefined } });
        const given = (nodes: readonly Node[]) => nodes.map((node, i) => [node, [...values[i]!]] as const);
        const slope = (of: Node, by: readonly Node[], i: number, magnitudes = false) => {
          const root = backward(weighted(of, new HostRandom(3)), [by[i]!])[0]!;
          const known = given(by).map(
            ([node, numbers]) => [node, magnitudes ? numbers.map(Math.abs) : numbers] as const,
          );
          return evaluated(root, known);
        };
        inputs.forEach((_, i) => {
          const found = slope(output, inputs, i);
          const exact = slope(plain.output, plain.inputs, i);
          // Sums of the factors' magnitudes (weights are positive): what rounding is measured by.
          const sums = slope(plain.output, plain.inputs, i, true);
          found.forEach((value, at) => {
            expect(Math.abs(value - exact[at]!)).toBeLessThanOrEqual(2.01 * 2 ** -8 * sums[at]! + 1e-12);
          });
          expect(found).not.toEqual(exact);
        });
      });
    },
  );

  it("are the same on every engine, whatever computes them", async () => {
    const cases = opCases(products);
    const joined = joinCases(cases);
    const expected = await runCase(referenceEngine, joined);
    for (const engine of await compiledEngines()) {
      const found = await runCase(engine, joined);
      const wrong = cases.filter((_, i) => !(difference(found[i]!, expected[i]!) <= 1e-5));
      expect(wrong.map(({ name }) => `${engine.name}: ${name}`)).toEqual([]);
    }
  });
});
