import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import {
  arange,
  asTensor,
  compile,
  type DType,
  evaluate,
  full,
  ones,
  onesLike,
  stopGradient,
  Tensor,
  tensor,
  where,
  zerosLike,
} from "../../src/tensor/index.ts";
import { compiledEngines } from "../engine/engines.ts";
import { recordPrograms } from "../passes/recorded.ts";

const compiled = await compiledEngines();

describe("making tensors", () => {
  it.each<[string, Tensor, DType, number[], unknown]>([
    ["a number", tensor(3), "float32", [], 3],
    ["a boolean", tensor(true), "bool", [], 1],
    [
      "nested arrays",
      tensor([
        [1, 2],
        [3, 4],
      ]),
      "float32",
      [2, 2],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["booleans", tensor([true, false]), "bool", [2], [1, 0]],
    ["another type", tensor([1, 2], { dtype: "int32" }), "int32", [2], [1, 2]],
    [
      "another shape",
      tensor([1, 2, 3, 4], { shape: [2, 2] }),
      "float32",
      [2, 2],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["an open size", tensor([1, 2, 3, 4], { shape: [-1, 1] }), "float32", [4, 1], [[1], [2], [3], [4]]],
    ["nothing", tensor([]), "float32", [0], []],
    ["rows of nothing", tensor([[], []]), "float32", [2, 0], [[], []]],
    ["float32 memory", tensor(Float32Array.of(1, 2)), "float32", [2], [1, 2]],
    ["float64 memory", tensor(Float64Array.of(0.5, 2)), "float32", [2], [0.5, 2]],
    ["int32 memory", tensor(Int32Array.of(-1, 2)), "int32", [2], [-1, 2]],
    ["uint32 memory", tensor(Uint32Array.of(4294967295)), "uint32", [1], [4294967295]],
    ["uint8 memory", tensor(Uint8Array.of(7, 255)), "uint8", [2], [7, 255]],
    ["int8 and int16 memory", tensor(Int16Array.of(-7)), "int32", [1], [-7]],
    [
      "memory of another type",
      tensor(Uint8Array.of(7, 0), { dtype: "bool" }),
      "bool",
      [2],
      [7, 0].map(Boolean).map(Number),
    ],
    ["a tensor as another type", tensor(tensor([1.7]), { dtype: "int32" }), "int32", [1], [1]],
    ["anything that stands for one", asTensor([1, 2]), "float32", [2], [1, 2]],
    ["as another: zeros", zerosLike(tensor([1, 2], { dtype: "int32" })), "int32", [2], [0, 0]],
    ["as another: ones", onesLike(tensor([true, false])), "bool", [2], [1, 1]],
    ["a range of floats", arange(0, 1, 0.25), "float32", [4], [0, 0.25, 0.5, 0.75]],
    ["a range of integers", arange(3), "int32", [3], [0, 1, 2]],
    ["an integer in the form of its type", full([1], 300, "uint8"), "uint8", [1], [44]],
  ])("from %s", async (_name, made, dtype, shape, values) => {
    expect([made.dtype, made.shape]).toEqual([dtype, shape]);
    expect(await made.array()).toEqual(values);
  });

  it("keeps typed memory where it fits, without a copy", async () => {
    const memory = Float32Array.of(1, 2, 3, 4);
    expect(await tensor(memory, { shape: [2, 2] }).data()).toBe(memory);
  });
});

describe("types", () => {
  const of = (dtype: DType) => tensor([1, 2], { dtype });
  /** Common type of two, by hand: floats win, then int32, uint32; small integers count in int32. */
  it.each<[DType, DType, DType]>([
    ["float32", "float32", "float32"],
    ["float32", "int32", "float32"],
    ["uint32", "float32", "float32"],
    ["bool", "float32", "float32"],
    ["int32", "int32", "int32"],
    ["int32", "uint32", "int32"],
    ["int32", "uint8", "int32"],
    ["uint32", "uint32", "uint32"],
    ["uint32", "uint8", "uint32"],
    ["uint8", "uint8", "int32"],
    ["uint8", "bool", "int32"],
    ["bool", "bool", "int32"],
  ])("%s and %s make %s", (a, b, expected) => {
    expect(of(a).add(of(b)).dtype).toBe(expected);
    expect(of(b).mul(of(a)).dtype).toBe(expected);
    expect([of(a).div(of(b)).dtype, of(a).pow(of(b)).dtype]).toEqual(["float32", "float32"]);
    expect([of(a).less(of(b)).dtype, of(a).logicalAnd(of(b)).dtype]).toEqual(["bool", "bool"]);
  });

  it.each<[string, (x: Tensor) => Tensor, DType, DType]>([
    ["a whole number", (x) => x.add(1), "int32", "int32"],
    ["a fraction", (x) => x.add(0.5), "int32", "float32"],
    ["a number from the left", (x) => asTensor(1).sub(x), "int32", "float32"],
    ["a whole number beside uint8", (x) => x.add(1), "uint8", "int32"],
    ["a function of reals", (x) => x.exp(), "int32", "float32"],
    ["a mean", (x) => x.mean(), "int32", "float32"],
    ["a sum of bools", (x) => x.sum(), "bool", "int32"],
    ["a maximum of uint8", (x) => x.max(), "uint8", "int32"],
    ["a place", (x) => x.argmax(), "float32", "int32"],
    ["a choice of two", (x) => where([true, false], x, x), "uint8", "uint8"],
    ["a choice of a number", (x) => where([true, false], x, 0), "int32", "int32"],
    ["a choice of a fraction", (x) => where([true, false], x, 0.5), "int32", "float32"],
    ["a slice", (x) => x.slice(0), "uint8", "uint8"],
    ["one-hot rows", (x) => x.oneHot(3), "uint8", "float32"],
  ])("%s", (_name, f, from, expected) => {
    expect(f(tensor([1, 2], { dtype: from })).dtype).toBe(expected);
  });
});

describe("values", () => {
  it("come as typed array, nested arrays or a number", async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]).mul(2);
    expect(await x.data()).toEqual(Float32Array.of(2, 4, 6, 8));
    expect(await x.array()).toEqual([
      [2, 4],
      [6, 8],
    ]);
    expect(await x.sum().item()).toBe(20);
    expect(await x.slice([0, 1], [0, 1]).item()).toBe(2);
    expect(await x.sum().array()).toBe(20);
    expect(await x.greater(3).data()).toEqual(Uint8Array.of(0, 1, 1, 1));
  });

  it("are computed once and remembered", async () => {
    const x = tensor([1, 2]).exp();
    expect(x.known).toBe(false);
    const values = await x.data();
    expect(x.known).toBe(true);
    expect(await x.data()).toBe(values);
  });

  it("are computed together by evaluate", async () => {
    const x = arange(5).cast("float32");
    const [mean, std] = [x.mean(), x.std()];
    await evaluate(mean, std, x);
    expect([mean.known, std.known, x.known]).toEqual([true, true, true]);
    expect([await mean.item(), await std.item()]).toEqual([2, Math.fround(Math.SQRT2)]);
  });

  it("of shared parts are computed once: 2^60 paths take no time", async () => {
    let x = tensor([1, -1]);
    for (let i = 0; i < 60; i++) x = x.add(x).mul(0.5);
    expect(await x.array()).toEqual([1, -1]);
  });

  it("do not change by what is made of a tensor", async () => {
    const x = tensor([3, 1, 2]);
    x.add(1);
    x.reshape([3, 1]);
    stopGradient(x).mul(0);
    expect(await x.array()).toEqual([3, 1, 2]);
  });

  it("of small expressions do not wait for a compiler", async () => {
    const recorded = await recordPrograms(async () => {
      const small = tensor([
        [1, 2],
        [3, 4],
      ])
        .softmax()
        .mean({ axis: 0 });
      expect(await small.sum().item()).toBeCloseTo(1, 6);
      await Promise.all([
        ones([20, 30])
          .matmul(ones([30, 20]))
          .data(),
        arange(1000).cast("float32").std().data(),
      ]);
    });
    // All of them were given to the reference engine, which compiles nothing.
    expect(recorded.length).toBe(3);
  });

  it("of large expressions are worth a compiler, where there is one", async (context) => {
    context.skip(compiled.length === 0, "needs a compiled engine");
    const recorded = await recordPrograms(async () => {
      const product = ones([400, 400]).matmul(ones([400, 400]));
      expect((await product.data()).every((value) => value === 400)).toBe(true);
    });
    expect(recorded).toEqual([]);
  });
});

describe("printing in Node", () => {
  it("shows type, shape and values once they are known", async () => {
    const x = tensor([
      [1, 2.5],
      [-3, 1e-10],
    ]);
    expect(inspect(x)).toBe("Tensor float32 [2, 2]\n[[1, 2.5],\n [-3, 1.000e-10]]");
    const y = x.mul(2);
    expect(inspect(y)).toBe("Tensor float32 [2, 2] not computed yet");
    await y.data();
    expect(`${y}`).toBe("Tensor float32 [2, 2]\n[[2, 5],\n [-6, 2.000e-10]]");
  });

  it.each<[string, Tensor, string]>([
    ["a scalar", tensor(Math.fround(Math.PI)).add(0), "Tensor float32 [] 3.1416"],
    ["a bool", tensor([true, false]), "Tensor bool [2] [1, 0]"],
    ["integers", tensor(Int32Array.of(-1, 200000)), "Tensor int32 [2] [-1, 200000]"],
    ["NaN and infinities", tensor([NaN, Infinity, -Infinity]), "Tensor float32 [3] [NaN, Infinity, -Infinity]"],
    ["large and small numbers", tensor([123456.7, 0.00012345]), "Tensor float32 [2] [1.235e+5, 1.234e-4]"],
    ["nothing", tensor([]), "Tensor float32 [0] []"],
    ["a long vector by its ends", arange(1000), "Tensor int32 [1000] [0, 1, 2, ..., 997, 998, 999]"],
    ["a vector that is just short enough", arange(8), "Tensor int32 [8] [0, 1, 2, 3, 4, 5, 6, 7]"],
    ["a cube", arange(8).reshape([2, 2, 2]), "Tensor int32 [2, 2, 2]\n[[[0, 1],\n  [2, 3]],\n [[4, 5],\n  [6, 7]]]"],
    [
      "many rows",
      arange(20).reshape([10, 2]),
      "Tensor int32 [10, 2]\n[[0, 1],\n [2, 3],\n [4, 5],\n ...,\n [14, 15],\n [16, 17],\n [18, 19]]",
    ],
  ])("%s", async (_name, x, expected) => {
    await x.data();
    expect(inspect(x)).toBe(expected);
  });

  it("stands within other objects", () => {
    expect(inspect({ x: tensor([1]) })).toBe("{ x: Tensor float32 [1] [1] }");
  });
});

for (const engine of [referenceEngine, ...compiled]) {
  describe(`compile on ${engine.name}`, () => {
    it("traces once per combination of shapes and types", async () => {
      let traces = 0;
      const f = compile(
        (x: Tensor, y: Tensor) => {
          traces++;
          return x.mul(y).add(1);
        },
        { engine: engine.name },
      );
      expect(await (await f(tensor([1, 2]), tensor([3, 4]))).array()).toEqual([4, 9]);
      expect(await (await f(tensor([5, 6]), tensor([7, 8]))).array()).toEqual([36, 49]);
      expect(traces).toBe(1);
      expect(await (await f(tensor([[1], [2]]), tensor([3, 4]))).array()).toEqual([
        [4, 5],
        [7, 9],
      ]);
      expect(traces).toBe(2);
      expect((await f(tensor(Int32Array.of(1)), tensor(Int32Array.of(2)))).dtype).toBe("int32");
      expect(traces).toBe(3);
      await f(tensor([0, 0]), tensor([1, 1]));
      expect(traces).toBe(3);
    });

    it("gives lists as lists, and results that stay", async () => {
      const f = compile((x: Tensor) => [x.sum(), x.mul(2)] as const, { engine: engine.name });
      const [sum, twice] = await f(tensor([1, 2]));
      const [other] = await f(tensor([10, 20]));
      expect([await sum.item(), await other.item(), await twice.array()]).toEqual([3, 30, [2, 4]]);
    });

    it("runs calls that overlap each in memory of its own", async () => {
      const f = compile((x: Tensor) => x.matmul(x).sum({ axis: 0 }), { engine: engine.name });
      const results = await Promise.all([1, 2, 3, 4].map((value) => f(full([100, 100], value))));
      for (const [i, result] of results.entries()) expect((await result.data())[0]).toBe(100 * 100 * (i + 1) ** 2);
    });

    it("takes lazy tensors and what is computed from results", async () => {
      const f = compile((x: Tensor) => x.exp(), { engine: engine.name });
      const y = await f(tensor([0, 1]).mul(0));
      expect(await y.add(1).array()).toEqual([2, 2]);
      expect(y.known).toBe(true);
      expect(y).toBeInstanceOf(Tensor);
    });

    it("passes a tracing error on, each time", async () => {
      const f = compile((x: Tensor) => x.reshape([7]), { engine: engine.name });
      for (let i = 0; i < 2; i++) await expect(f(tensor([1, 2]))).rejects.toThrow("cannot reshape 2 elements to [7]");
    });
  });
}
