import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/engines/reference/index.ts";
import {
  apply,
  DTYPES,
  type DType,
  type Node,
  OPS,
  type OpRecord,
  ops,
  topologicalOrder,
  verify,
} from "../../src/ir/index.ts";
import { simplify, splitReductions } from "../../src/passes/index.ts";
import { HostRandom, product } from "../../src/util/index.ts";
import { randomGraph } from "../engine/random-graph.ts";

const FIRST = process.env.DESCENT_SEED ? Number(process.env.DESCENT_SEED) : 1;
const vector = (name = "x", size = 4, dtype: DType = "float32") => ops.placeholder(name, [size], dtype);
const names = (root: Node) => topologicalOrder([root]).map(({ op }) => op.name);
const one = (root: Node): Node => simplify([root])[0]!;

describe("simplify joins", () => {
  const piece = (x: Node, start: number) => ops.embed(x, { starts: [start], steps: [1], shape: [8], fill: 0 });
  const [a, b] = [vector("a", 3), vector("b", 5)];

  it("pieces in zeros that are side by side, as the gradients of slices are", () => {
    expect(names(one(ops.add(piece(b, 3), piece(a, 0)))).at(-1)).toBe("concat");
    const four = [0, 4, 2, 6].map((start) => piece(vector("x", 2), start)).reduce(ops.add);
    expect(names(one(four)).filter((name) => name !== "placeholder")).toEqual(["concat"]);
  });

  it("none that overlap, or leave a gap", () => {
    expect(names(one(ops.add(piece(b, 2), piece(a, 0)))).at(-1)).toBe("add");
    expect(names(one(ops.add(piece(vector("c", 4), 4), piece(a, 0)))).at(-1)).toBe("add");
  });
});

describe("simplify keeps the meaning", () => {
  it(`of 300 random graphs, and makes them smaller, seeds from ${FIRST} (DESCENT_SEED)`, () => {
    const wrong: string[] = [];
    let [before, after] = [0, 0];
    for (let seed = FIRST; seed < FIRST + 300; seed++) {
      const { program, inputs } = randomGraph(seed);
      const simple = simplify(program.outputs);
      verify(simple);
      before += topologicalOrder(program.outputs).length;
      after += topologicalOrder(simple).length;
      const given = new Map(program.inputs.map((node, i) => [node, inputs[i]!]));
      const [expected, found] = [evaluate(program.outputs, given), evaluate(simple, given)];
      expected.forEach((values, output) => {
        const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        // Exact but for folded constants, which are rounded to float32 as every engine stores them.
        const off = values.findIndex((value, i) => !(Math.abs(found[output]![i]! - value) <= 1e-6 * scale));
        if (off >= 0) wrong.push(`seed ${seed}, output ${output}: ${found[output]![off]}, not ${values[off]}`);
      });
    }
    expect(wrong).toEqual([]);
    expect(after / before).toBeLessThan(0.9);
  });

  const SPECIAL = [0, 1, -1, 0.5, -2.5, 7, 1e-45, -1e-40, 3.4e38, -3.4e38, Infinity, -Infinity, NaN].map(Math.fround);
  const constant = (x: Node, value: number) => ops.constantLike(x, value);
  const twin = (x: Node) => ops.mul(x, constant(x, 3));
  it.each<[string, (x: Node) => Node]>([
    ["x + 0", (x) => ops.add(x, constant(x, 0))],
    ["0 + x", (x) => ops.add(constant(x, 0), x)],
    ["x + -y", (x) => ops.add(x, ops.neg(twin(x)))],
    ["-x + y", (x) => ops.add(ops.neg(x), twin(x))],
    ["x - 0", (x) => ops.sub(x, constant(x, 0))],
    ["x - -y", (x) => ops.sub(x, ops.neg(twin(x)))],
    ["x * 1", (x) => ops.mul(x, constant(x, 1))],
    ["1 * x", (x) => ops.mul(constant(x, 1), x)],
    ["x * -1", (x) => ops.mul(x, constant(x, -1))],
    ["-1 * x", (x) => ops.mul(constant(x, -1), x)],
    ["x * 0", (x) => ops.mul(x, constant(x, 0))],
    ["x - x", (x) => ops.sub(x, x)],
    ["- - x", (x) => ops.neg(ops.neg(x))],
  ])("%s, for special numbers of every type", (_name, f) => {
    for (const dtype of ["float32", "int32", "uint32"] as const) {
      const values =
        dtype === "float32"
          ? SPECIAL
          : [0, 1, 2, 7, 2147483647, ...(dtype === "int32" ? [-1, -2147483648] : [4294967295])];
      expectSame(f, values, dtype);
    }
  });

  it.each<[string, (x: Node) => Node]>([
    ["x / 1", (x) => ops.div(x, constant(x, 1))],
    ["x / 2", (x) => ops.div(x, constant(x, 2))],
    ["x / -0.25", (x) => ops.div(x, constant(x, -0.25))],
    ["x / 0", (x) => ops.div(x, constant(x, 0))],
    ["x / 3", (x) => ops.div(x, constant(x, 3))],
    ["x / 2^-149, whose reciprocal float32 can't hold", (x) => ops.div(x, constant(x, 2 ** -149))],
    ["x / 2^127, whose reciprocal is subnormal", (x) => ops.div(x, constant(x, 2 ** 127))],
    ["x / infinity", (x) => ops.div(x, constant(x, Infinity))],
    ["x ^ 1", (x) => ops.pow(x, constant(x, 1))],
    ["x ^ 2", (x) => ops.pow(x, constant(x, 2))],
    ["x ^ 0.5", (x) => ops.pow(x, constant(x, 0.5))],
    ["x ^ 0", (x) => ops.pow(x, constant(x, 0))],
    ["select of true", (x) => ops.select(ops.constant(1, x.shape, "bool"), x, ops.exp(x))],
    ["select of false", (x) => ops.select(ops.constant(0, x.shape, "bool"), ops.exp(x), x)],
    ["not not", (x) => ops.cast(ops.not(ops.not(ops.lt(x, constant(x, 1)))), "float32")],
    ["identities", (x) => ops.identity(ops.stopGradient(ops.redirectGradient(x, ops.identity(x))))],
  ])("%s, for special numbers", (_name, f) => {
    expectSame(f, SPECIAL, "float32");
  });

  /** Values before and after, as float32 would hold them; zeros are equal whatever their sign. */
  function expectSame(f: (x: Node) => Node, values: readonly number[], dtype: DType): void {
    const x = vector("x", values.length, dtype);
    const given = new Map([[x, Float64Array.from(values)]]);
    const root = f(x);
    const [expected] = evaluate([root], given);
    const simple = one(root);
    // What constants are in memory: float32.
    for (const node of topologicalOrder([simple])) {
      if (node.op.name === "constant" && node.dtype === "float32") {
        const value = node.attributes.value as number;
        expect(Math.fround(value)).toBe(value);
      }
    }
    const [found] = evaluate([simple], given);
    const held = (value: number) => DTYPES[dtype].create(1).fill(value)[0]! + 0;
    expect([...found!].map(held)).toEqual([...expected!].map(held));
  }
});

describe("simplify shares and folds", () => {
  it("shares equal values, whatever their scope, and keeps placeholders", () => {
    const [x, y] = [vector("x"), vector("x")];
    const [a, b, c] = simplify([ops.add(ops.exp(x), x), ops.add(ops.exp(x), x), ops.add(ops.exp(y), y)]);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    expect(a!.inputs[1]).toBe(x);
    expect(c!.inputs[1]).toBe(y);
  });

  it("tells apart what differs in attributes, in memory, in the sign of zero or in infinities", () => {
    const x = ops.placeholder("x", [4, 4], "float32");
    const table = (value: number) => ops.data(Float32Array.of(value, 2), [2], "float32");
    const pairs: [Node, Node][] = [
      [ops.sum(x, [0]), ops.reshape(ops.sum(x, [1]), [1, 4])],
      [ops.constant(0), ops.constant(-0)],
      [ops.constant(Infinity), ops.constant(-Infinity)],
      [ops.constant(NaN), ops.constant(Infinity)],
      [table(1), table(1)],
      [ops.iota([4, 4], 0), ops.iota([4, 4], 1)],
      [ops.cast(x, "int32"), ops.cast(x, "uint32")],
    ];
    for (const [a, b] of pairs) {
      const [left, right] = simplify([a, b]);
      expect(left).not.toBe(right);
    }
    const values = Float32Array.of(1, 2);
    const [left, right] = simplify([ops.data(values, [2], "float32"), ops.data(values, [2], "float32")]);
    expect(left).toBe(right);
  });

  it("shares equal random draws, and no others", () => {
    const [key, counter] = [ops.placeholder("key", [2], "uint32"), ops.placeholder("counter", [1], "uint32")];
    const draw = (stream: number) => ops.random(key, counter, [3], "float32", stream);
    const [a, b, c] = simplify([draw(0), draw(0), draw(1)]);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });

  it("folds constants through arithmetic and movements, in float32", () => {
    const two = ops.constant(2, [2, 3]);
    const folded = one(ops.add(ops.permute(ops.exp(two), [1, 0]), ops.broadcast(ops.constant(0.1, [1, 1]), [3, 2])));
    expect([names(folded), folded.shape]).toEqual([["constant"], [3, 2]]);
    expect(folded.attributes.value).toBe(Math.fround(Math.fround(Math.exp(2)) + 0.1));
    const padded = one(ops.embed(two, { starts: [0, 0], steps: [1, 1], shape: [3, 3], fill: 2 }));
    expect(names(padded)).toEqual(["constant"]);
    const mixed = ops.embed(two, { starts: [0, 0], steps: [1, 1], shape: [3, 3], fill: 1 });
    expect(names(one(mixed))).toEqual(["constant", "embed"]);
    expect(one(ops.sum(ops.constant(0.1, [10]), [0])).attributes.value).toBe(Math.fround(1));
    expect(one(ops.mul(ops.constant(65536, [1], "int32"), ops.constant(65537, [1], "int32"))).attributes.value).toBe(
      65536,
    );
  });

  it("knows reductions of single elements", () => {
    const x = ops.placeholder("x", [3, 1, 1], "float32");
    const over = (name: string) => OPS.find((op) => op.name === name) as OpRecord;
    for (const name of ["sum", "max", "min", "prod"]) expect(one(apply(over(name), [x], { axes: [1, 2] }))).toBe(x);
    expect(names(one(ops.argmax(x, [1])))).toEqual(["constant"]);
    expect(names(one(ops.argmax(x, [0, 1])))).toEqual(["placeholder", "argmax"]);
  });

  it("merges movements and looks through concatenations", () => {
    const x = ops.placeholder("x", [2, 3, 4], "float32");
    expect(one(ops.permute(ops.permute(x, [2, 0, 1]), [1, 2, 0]))).toBe(x);
    expect(one(ops.reshape(ops.reshape(x, [24]), [2, 3, 4]))).toBe(x);
    const flat = ops.reshape(x, [24]);
    const [a, b] = [
      ops.slice(flat, { starts: [0], steps: [1], shape: [10] }),
      ops.exp(ops.slice(flat, { starts: [10], steps: [1], shape: [14] })),
    ];
    const both = ops.concat([a, b], 0);
    const inside = one(ops.slice(both, { starts: [10], steps: [1], shape: [14] }));
    expect(names(inside)).toEqual(["placeholder", "reshape", "slice", "exp"]);
    const across = ops.slice(both, { starts: [9], steps: [1], shape: [2] });
    expect(names(one(across))).toContain("concat");
  });
});

describe("splitReductions", () => {
  const random = new HostRandom(4);
  it.each<[string, number[], number[], number]>([
    ["a long vector", [40_000], [0], 2],
    ["the columns of a tall matrix", [40_000, 3], [0], 2],
    ["the rows of a wide matrix", [3, 40_000], [1], 2],
    ["all of a matrix", [200, 300], [0, 1], 2],
    ["first and last axis", [60, 5, 700], [0, 2], 2],
    ["three axes", [3, 200, 5, 100], [0, 1, 3], 2],
    ["a middle axis", [2, 60_000, 2], [1], 2],
    ["a vector of prime length: equal parts and a rest", [40_009], [0], 3],
    ["short sums", [1000], [0], 1],
    ["many results", [40, 1000], [0], 1],
    ["many rows", [64, 1000], [1], 1],
    ["short columns", [128, 512], [0], 1],
  ])("of %s: the same values, in so many steps", (_name, shape, axes, steps) => {
    const x = ops.placeholder("x", shape, "float32");
    const values = Float64Array.from({ length: product(shape) }, () => 0.5 + random.uniform());
    const given = new Map([[x, values]]);
    const count = axes.reduce((size, axis) => size * shape[axis]!, 1);
    // Products of numbers near 1, so that they stay finite.
    const near = ops.exp(ops.mul(ops.sub(x, ops.constantLike(x, 1)), ops.constantLike(x, 1 / count)));
    for (const node of [
      ops.sum(x, axes),
      ops.max(x, axes),
      ops.min(x, axes),
      ops.prod(near, axes),
      ops.argmax(x, axes),
    ]) {
      const [after] = splitReductions([node]) as [Node];
      verify([after]);
      const reductions = topologicalOrder([after]).filter(({ op }) => op.family === "reduce").length;
      expect([node.op.name, reductions]).toEqual([node.op.name, node.op.name === "argmax" ? 1 : steps]);
      expect([after.shape, after.dtype]).toEqual([node.shape, node.dtype]);
      const [[expected], [found]] = [evaluate([node], given), evaluate([after], given)];
      expected!.forEach((value, i) =>
        expect(Math.abs(found![i]! - value)).toBeLessThanOrEqual(1e-12 * Math.abs(value)),
      );
    }
  });

  it("of columns so tall that one float32 total would lose digits, however many there are", () => {
    const reductions = (shape: number[], op: (x: Node, axes: readonly number[]) => Node) =>
      splitReductions([op(ops.placeholder("x", shape, "float32"), [0])]).flatMap((root) =>
        topologicalOrder([root]).filter(({ op: { family } }) => family === "reduce"),
      ).length;
    expect(reductions([5000, 1000], ops.sum)).toBe(2);
    expect(reductions([5000, 1000], ops.max)).toBe(1);
    expect(reductions([4000, 1000], ops.sum)).toBe(1);
  });

  it("depends on the shape alone: the same graph twice is the same", () => {
    const x = ops.placeholder("x", [1000, 100], "float32");
    const parts = () =>
      splitReductions([ops.sum(x, [0, 1])]).flatMap((root) => topologicalOrder([root]).map(({ shape }) => shape));
    expect(parts()).toEqual(parts());
  });
});
