import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/engines/reference/index.ts";
import { type Node, ops, topologicalOrder, verify } from "../../src/ir/index.ts";
import { compileKernels, factorSums, simplify } from "../../src/passes/index.ts";
import { gradients, Tensor } from "../../src/tensor/index.ts";
import { HostRandom, product } from "../../src/util/index.ts";

const x = ops.placeholder("x", [6, 4], "float32");
const c = ops.placeholder("c", [1, 4], "float32");
const wide = (node: Node) => ops.broadcast(node, [6, 4]);
const columns = (node: Node) => ops.sum(node, [0]);
const factor = (node: Node): Node => simplify(factorSums(simplify([node])))[0]!;
const sums = (...roots: Node[]) => topologicalOrder(roots).filter(({ op }) => op.name === "sum");

function values(node: Node, seed: number): Float64Array {
  const random = new HostRandom(seed);
  return Float64Array.from({ length: product(node.shape) }, () => random.uniform() * 4 + 1);
}

describe("sums", () => {
  it.each<[string, Node, number]>([
    ["of x c", ops.mul(x, wide(c)), 1],
    ["of c (x c)", ops.mul(wide(c), ops.mul(x, wide(c))), 1],
    ["of -x", ops.neg(x), 1],
    ["of x / c", ops.div(x, wide(c)), 1],
    ["of x exp(c) + x exp(c)", ops.add(ops.mul(x, ops.exp(wide(c))), ops.mul(x, ops.exp(wide(c)))), 1],
    ["of 3 c", ops.mul(wide(c), ops.constantLike(x, 3)), 0],
    ["of c / x", ops.div(wide(c), x), 1],
  ])("%s keep their meaning, what is constant taken out", (_name, value, left) => {
    const before = columns(value);
    const after = factor(before);
    verify([after]);
    expect(sums(after)).toHaveLength(left);
    const given = new Map([x, c].map((node, i) => [node, values(node, i + 1)]));
    const [expected, found] = [before, after].map((node) => evaluate([node], given)[0]!);
    expected!.forEach((each, i) => expect(found![i]).toBeCloseTo(each, 5));
    for (const sum of sums(after)) {
      for (const part of topologicalOrder([sum.inputs[0]!])) if (part.op.name === "mul") expect(part).toBe(x);
    }
  });

  it("along which a factor varies stay", () => {
    const value = ops.sum(ops.mul(x, wide(c)), [1]);
    expect(factor(value)).toBe(simplify([value])[0]);
  });

  it.each([
    ["finite numbers", 3, 0],
    ["a NaN", Number.NaN, Number.NaN],
    ["an infinity", Number.POSITIVE_INFINITY, Number.NaN],
  ])("of differences from the mean vanish, for %s", (_name, first, expected) => {
    const mean = ops.mul(columns(x), ops.constant(1 / 6, [1, 4]));
    const centred = ops.sub(x, wide(mean));
    const after = factor(columns(ops.mul(centred, wide(c))));
    const given = new Map([
      [x, Float64Array.from({ length: 24 }, (_, i) => (i === 0 ? first : i * i))],
      [c, Float64Array.of(1, 2, 3, 4)],
    ]);
    expect(evaluate([after], given)[0]![0]).toBe(expected);
    expect(evaluate([after], given)[0]![1]).toBe(0);
  });

  it("of a batch normalization's gradient: two", () => {
    const shape = [64, 8, 8, 16];
    const nodes = [ops.placeholder("x", shape, "float32"), ops.placeholder("g", shape, "float32")] as const;
    const [input, grad] = nodes.map((node) => new Tensor(node)) as [Tensor, Tensor];
    const axis = [0, 1, 2];
    const centred = input.sub(input.mean({ axis, keepdims: true }));
    const scale = centred.square().mean({ axis, keepdims: true }).add(1e-3).rsqrt();
    const [slope] = gradients(centred.mul(scale).mul(grad).sum(), [input]);
    const { program } = compileKernels({ name: "f", inputs: [...nodes], state: [], outputs: [slope!.node] });
    const passes = program.steps.map(({ kernel }) =>
      kernel.kind === "loop" && kernel.outer.length === 2 ? kernel.stages[0]!.reductions.length : undefined,
    );
    // Over all elements: the sum and the sum of squares, the two of the gradient, and the result in one more pass.
    const counts = passes.flatMap((count) => count ?? []);
    expect(counts.reduce((a, b) => a + b)).toBe(4);
    expect(counts.filter((count) => count === 0)).toHaveLength(1);
  });
});
