import { beforeAll, describe, expect, it } from "vitest";
import { type ConformanceCase, difference, runCase } from "../../src/engine/index.ts";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import { ops, type TypedArray } from "../../src/ir/index.ts";
import { arange, concatenate, conv, eye, maxPool, ones, scatterAdd, Tensor, tensor } from "../../src/tensor/index.ts";
import { HostRandom, philox4x32, product } from "../../src/util/index.ts";
import { compiledEngines } from "./engines.ts";
import { caseOf, floats, type Given, runTable, typed } from "./table.ts";

const empty: Given = { values: [], shape: [0, 3] };
const nothing: Given = { values: [] };
const scalar: Given = { values: [2.5], shape: [] };
const single: Given = { values: [2.5], shape: [1, 1, 1] };
const three = floats(1, 2, 3);
const count = (...shape: number[]): Given => ({ values: Array.from({ length: product(shape) }, (_, i) => i), shape });

/** Shapes at the edge: no elements, one element, no axes, many axes. */
const CASES: readonly ConformanceCase[] = [
  caseOf("no elements", [empty, three], (x, y) => [
    x.add(y),
    x.T,
    x.T.add(1),
    x.softmax(),
    x.reshape([3, 0, 5]),
    y.mul(2),
  ]),
  caseOf("sums of no elements", [empty], (x) => [x.sum(), x.sum({ axis: 0 }), x.sum({ axis: 1 }), x.prod(), x.mean()]),
  caseOf("greatest of no rows", [empty], (x) => [
    x.max({ axis: 1 }),
    x.argmax({ axis: 1 }),
    x.any(),
    x.all(),
    x.any({ axis: 0 }),
  ]),
  caseOf("concatenations with nothing", [empty, count(1, 3)], (x, y) => [
    concatenate([x, y]),
    concatenate([x, x]),
    concatenate([y, x, y]),
  ]),
  caseOf("slices of nothing", [three], (x) => [
    x.slice([2, 1]),
    x.slice([2, 1]).sum(),
    x.slice([2, 1]).pad([[1, 1]], 7),
  ]),
  caseOf("padded nothing", [empty], (x) =>
    x.pad(
      [
        [1, 0],
        [0, 1],
      ],
      7,
    ),
  ),
  caseOf("products of nothing", [empty, count(3, 1)], (x, y) => x.matmul(y)),
  caseOf("products over nothing", [{ values: [], shape: [2, 0] }, empty], (x, y) => [x.matmul(y), x.matmul(y).add(1)]),
  caseOf(
    "nothing taken, and of nothing",
    [three, typed("int32"), nothing, typed("int32", 0, 1)],
    (x, none, y, some) => [x.take(none), y.take(some)],
  ),
  caseOf("nothing scattered", [typed("int32"), nothing], (i, x) => scatterAdd(i, x, 2)),
  caseOf("broadcast nothing", [{ values: [], shape: [0, 1] }], (x) => x.broadcastTo([0, 5])),
  caseOf("scalars", [scalar], (x) => [
    x.add(1),
    x.exp(),
    x.sum(),
    x.mean(),
    x.std(),
    x.max(),
    x.argmax(),
    x.mul(x),
    x.softplus(),
  ]),
  caseOf("scalars in other shapes", [scalar], (x) => [
    x.reshape([1, 1]),
    x.broadcastTo([2, 3]),
    x.expandDims(0),
    x.flatten(),
    x.T,
  ]),
  caseOf("one element, reduced", [single], (x) => [
    x.sum({ axis: [0, 1] }),
    x.max({ axis: 1 }),
    x.argmax({ axis: 2 }),
    x.argmin(),
    x.prod(),
    x.var({ axis: 0 }),
    x.logSumExp(),
  ]),
  caseOf("one element, moved", [single], (x) => [
    x.T,
    x.squeeze(),
    x.flip(1),
    x.pad([
      [0, 1],
      [1, 0],
      [0, 0],
    ]),
    x.softmax(),
    x.matmul(x),
  ]),
  caseOf("one place of the greatest, used", [single], (x) => [
    x.argmax({ axis: 1 }).equal(0).where(x.exp(), -1),
    x.exp(),
  ]),
  caseOf("a pixel", [count(1, 1, 1, 1), count(1, 1, 1, 1)], (x, w) => [
    conv(x.add(2), w.add(3)),
    maxPool(x, { size: 1 }),
  ]),
  caseOf("outer and inner products", [count(3, 1), count(1, 2)], (a, b) => [
    a.matmul(b),
    a.mul(b),
    b.matmul(b.T),
    a.T.matmul(a),
  ]),
  caseOf("vectors", [three, count(3, 3)], (a, m) => [a.matmul(a), a.matmul(m), m.matmul(a)]),
  caseOf("no inputs at all", [], () => [ones([3]).mul(2), arange(5), eye(3), tensor([1, 2, 3]), tensor([true, false])]),
  caseOf("an input itself, and views of it", [count(4, 6)], (x) => [
    x,
    x.T,
    x.reshape([3, 8]),
    x.slice([null, null, -1]),
    x.slice(1),
  ]),
  caseOf("six axes", [count(2, 3, 2, 2, 3, 2)], (x) => [
    x.transpose([5, 3, 1, 4, 2, 0]),
    x.sum({ axis: [1, 3, 5] }),
    x.slice(1, null, [0, 1], null, -1).add(1),
    x.max({ axis: [0, 2, 4] }),
  ]),
  caseOf("axes of 1 between others", [count(1, 3, 1, 5, 1)], (x) => [
    x.sum({ axis: 2 }),
    x.sum({ axis: [1, 2] }),
    x.transpose([4, 3, 2, 1, 0]),
    x.softmax({ axis: 3 }),
    x.add(x.max({ axis: 1, keepdims: true })),
  ]),
];

for (const engine of await compiledEngines()) {
  describe(`shapes at the edge on ${engine.name}`, () => {
    let found: Map<string, TypedArray[]>;
    let expected: Map<string, TypedArray[]>;
    beforeAll(async () => {
      found = await runTable(engine, CASES);
      expected = await runTable(referenceEngine, CASES);
    });
    it.each(CASES.map(({ name }) => [name]))("%s", (name) => {
      expect(found.get(name)!.length).toBe(expected.get(name)!.length);
      expected.get(name)!.forEach((values, i) => {
        expect(found.get(name)![i]!.length).toBe(values.length);
        expect(difference(found.get(name)![i]!, values)).toBeLessThan(1e-5);
      });
    });
  });

  describe(`large on ${engine.name}`, () => {
    it("an index space of more than 2^31 points: no index overflows", async () => {
      const size = 50_000;
      const [row, column] = [ops.iota([size, size], 0, "uint32"), ops.iota([size, size], 1, "uint32")];
      const number = ops.add(ops.mul(row, ops.constantLike(row, size)), column);
      const program = { name: "large", inputs: [], state: [], outputs: [ops.max(number, [0, 1])] };
      expect([...(await runCase(engine, { name: "large", program, inputs: [] }))[0]!]).toEqual([size * size - 1]);
    });

    /** Half a unit in the last place of float32. */
    const HALF = 2 ** -24;
    it.each<[string, number[], number[], number]>([
      // Parts of about the square root of the length, added up in order, then the parts: twice that many roundings at most.
      ["a vector", [1_000_000], [0], 2000],
      ["a vector of prime length", [1_000_003], [0], 2000],
      ["all of a matrix", [1000, 1000], [0, 1], 2000],
      ["tall columns", [50_000, 16], [0], 500],
      ["tall columns, many of them", [5000, 600], [0], 150],
      ["long rows", [10, 100_000], [1], 700],
      // In one go, as so many rows are: some sixteen totals side by side.
      ["many rows", [100, 10_000], [1], 1300],
    ])("sums of %s are off by less than their roundings", async (_name, shape, axes, roundings) => {
      const x = ops.placeholder("x", shape, "float32");
      const output = ops.sum(x, axes);
      const random = new HostRandom(6);
      // Equal numbers are the hard case: all roundings go the same way.
      for (const draw of [() => 0.1, () => random.uniform(), () => random.normal()]) {
        const values = Float32Array.from({ length: product(shape) }, draw);
        const program = { name: "sums", inputs: [x], state: [], outputs: [output] };
        const [found] = await runCase(engine, { name: "sums", program, inputs: [values] });
        const [exact, magnitude] = [values, values.map(Math.abs)].map((each) =>
          output.op.evaluate([Float64Array.from(each)], output),
        );
        exact!.forEach((sum, i) => {
          expect(Math.abs(found![i]! - sum)).toBeLessThan(roundings * HALF * magnitude![i]!);
        });
      }
    });
  });

  describe(`random bits on ${engine.name}`, () => {
    /** The random op's words from the generator's definition: see RANDOM_GROUP. */
    const bits = (key: readonly [number, number], counter: number, stream: number, count: number): number[] =>
      Array.from({ length: count }, (_, i) => {
        const block = Math.floor(i / 64) * 16 + (i % 16);
        return philox4x32(key[0], key[1], block, stream, counter, 0)[Math.floor((i % 64) / 16)]!;
      });

    it("are Philox's, bit for bit, for all lengths, keys, counters and streams", async () => {
      const random = new HostRandom(8);
      const specs = [1, 2, 15, 16, 17, 48, 63, 64, 65, 127, 1000, 100_003].map((length, stream) => {
        const key = [random.uint32(), random.uint32()] as const;
        return { length, stream: stream === 11 ? 4294967295 : stream, key, counter: random.uint32() };
      });
      const cases = specs.map(({ length, stream, key, counter }, i) =>
        caseOf(`${i}`, [typed("uint32", ...key), typed("uint32", counter)], (k, c) =>
          (["uint32", "float32"] as const).map(
            (dtype) => new Tensor(ops.random(k.node, c.node, [length], dtype, stream)),
          ),
        ),
      );
      for (const each of [engine, referenceEngine]) {
        const found = await runTable(each, cases);
        specs.forEach(({ length, stream, key, counter }, i) => {
          const expected = bits(key, counter, stream, length);
          const [words, floats] = found.get(`${i}`)!;
          expect(difference(words!, Uint32Array.from(expected))).toBe(0);
          expect(
            difference(
              floats!,
              Float32Array.from(expected, (word) => (word >>> 8) / 16777216),
            ),
          ).toBe(0);
        });
      }
    });

    it("come in the order of elements, whatever the shape", async () => {
      const key = [typed("uint32", 1, 2), typed("uint32", 3)];
      const shapes = [[210], [2, 105], [3, 7, 10], [210, 1]];
      const cases = shapes.map((shape) =>
        caseOf(shape.join(), key, (k, c) => new Tensor(ops.random(k.node, c.node, shape, "uint32", 0))),
      );
      const found = await runTable(engine, cases);
      for (const shape of shapes) expect([...found.get(shape.join())![0]!]).toEqual(bits([1, 2], 3, 0, 210));
    });
  });
}
