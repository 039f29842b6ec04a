import { describe, expect, it } from "vitest";
import {
  arange,
  compile,
  concatenate,
  createProgram,
  grad,
  gradCheck,
  gradients,
  ones,
  randomKey,
  resolveEngine,
  scan,
  type Tensor,
  tensor,
  withPrecision,
  zeros,
} from "../../src/tensor/index.ts";

const add = (sum: Tensor, x: Tensor) => [sum.add(x), sum.add(x)] as const;
const numbers = async (x: Tensor) => [...(await x.data())];

describe("scan", () => {
  it("gives the last carry and stacked outputs, forward and in reverse", async () => {
    const xs = tensor([1, 2, 3]);
    const [total, sums] = scan(add, { init: tensor(10), xs });
    expect([await total.item(), await numbers(sums)]).toEqual([16, [11, 13, 16]]);
    const [back, rest] = scan(add, { init: tensor(0), xs, reverse: true });
    expect([await back.item(), await numbers(rest)]).toEqual([6, [6, 5, 3]]);
  });

  it("takes trees, tensors from around it, and no xs at all", async () => {
    const two = tensor(2);
    const [{ a, b }, powers] = scan(({ a, b }) => [{ a: a.mul(two), b: [b[0].add(1)] as const }, { a }], {
      init: { a: tensor(1), b: [tensor(0)] as const },
      length: 4,
    });
    expect([await a.item(), await b[0].item(), await numbers(powers.a)]).toEqual([16, 4, [1, 2, 4, 8]]);
    const [same, nothing] = scan((c: Tensor) => [c, []], { init: tensor([1, 2]), length: 3 });
    expect([await numbers(same), nothing]).toEqual([[1, 2], []]);
  });

  it("counts in integers, exchanges carries, gives constants and slices as outputs", async () => {
    const step = ([a, b, i]: readonly [Tensor, Tensor, Tensor], x: Tensor) =>
      [[b, a, i.add(1)] as const, { i, x, three: tensor([3]) }] as const;
    const init = [tensor([1]), tensor([2]), tensor(0).cast("int32")] as const;
    const [[a, b, i], ys] = scan(step, { init, xs: arange(5).reshape([5, 1]) });
    expect(await Promise.all([a, b, i].map(numbers))).toEqual([[2], [1], [5]]);
    expect(await Promise.all([ys.i, ys.x, ys.three].map(numbers))).toEqual([
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
      [3, 3, 3, 3, 3],
    ]);
  });

  it("does nothing in no steps", async () => {
    const [end, ys] = scan(add, { init: tensor([1, 2]), xs: zeros([0, 2]) });
    expect([await numbers(end), ys.shape, await numbers(ys)]).toEqual([[1, 2], [0, 2], []]);
  });

  it("draws the same numbers in all steps from a key around it, others from numbers given as xs", async () => {
    const [, same] = scan((c: Tensor) => [c, randomKey(3).uniform([2])], { init: tensor(0), length: 3 });
    const [x, y, z, w] = await numbers(same);
    expect([x, y]).toEqual([z, w]);
    const [, others] = scan((c: Tensor, u: Tensor) => [c, u], { init: tensor(0), xs: randomKey(3).uniform([3, 2]) });
    expect(new Set(await numbers(others)).size).toBe(6);
  });

  it.each([
    [
      "a carry that changes its shape",
      () => scan((c: Tensor) => [concatenate([c, c]), c], { init: zeros([2]), length: 2 }),
      "scan's carry is float32 [2] before the step and float32 [4] after it",
    ],
    [
      "a carry that changes its type",
      () => scan((c: { n: Tensor }) => [{ n: c.n.equal(0) }, c.n], { init: { n: zeros([2]) }, length: 2 }),
      "scan's carry.n is float32 [2] before the step and bool [2] after it",
    ],
    [
      "another number of carries",
      () => scan((c: readonly Tensor[]) => [[c[0]!], []], { init: [zeros([1]), zeros([1])], length: 2 }),
      "scan's function gave a carry of 1 tensors",
    ],
    [
      "xs of different lengths",
      () => scan((c: Tensor) => [c, c], { init: zeros([1]), xs: [zeros([3]), zeros([4, 2])] }),
      "scan got xs of shapes [3], [4, 2]",
    ],
    [
      "a scalar as xs",
      () => scan((c: Tensor) => [c, c], { init: zeros([1]), xs: tensor(1) }),
      "scan got the scalar 0 of xs",
    ],
    [
      "neither xs nor length",
      () => scan((c: Tensor) => [c, c], { init: zeros([1]) }),
      "scan got neither xs nor length",
    ],
    [
      "two lengths",
      () => scan(add, { init: zeros([1]), xs: zeros([3, 1]), length: 2 }),
      "scan got length 2 and xs of 3 steps",
    ],
    ["half a step", () => scan((c: Tensor) => [c, c], { init: zeros([1]), length: 1.5 }), "scan got length 1.5"],
    // @ts-expect-error not a pair
    ["no pair", () => scan((c: Tensor) => c, { init: zeros([1]), length: 2 }), "scan's function gave no pair"],
    // @ts-expect-error a misspelled option
    ["an unknown option", () => scan(add, { init: zeros([1]), xs: zeros([3, 1]), reversed: true }), "reversed"],
  ])("refuses %s", (_name, build, message) => {
    expect(build).toThrow(message);
  });
});

/** h' = tanh(x w + h u + b), with what makes gradients of every kind: weights, views of them, a bias, the first carry, the slices. */
const recurrent =
  (options: { reverse?: boolean; recompute?: boolean }) =>
  (xs: Tensor, h: Tensor, w: Tensor, u: Tensor, b: Tensor): Tensor => {
    const step = (state: Tensor, x: Tensor) => {
      const next = x.matmul(w).add(state.matmul(u.T)).add(b).tanh();
      return [next, next.mul(u.sum()).exp().mul(b.square().sum())] as const;
    };
    const [end, ys] = scan(step, { init: h, xs: xs.transpose([1, 0, 2]), ...options });
    return ys.sum({ axis: 0 }).add(end.square());
  };

const draw = (seed: number, shape: number[]) => randomKey(seed).uniform(shape, { min: -0.7, max: 0.7 });
const weights = [draw(1, [2, 3, 2]), draw(2, [2, 3]), draw(3, [2, 3]), draw(4, [3, 3]), draw(5, [3])];

describe("products with one matrix in all turns", () => {
  /** h' = h + tanh of the mean of h w, for h [rows, deep] and w [deep, columns]; all products. */
  const products = (h: Tensor, w: Tensor, precision: "float32" | "bfloat16") => {
    const step = (h: Tensor) => {
      const product = h.matmul(w);
      return [h.add(product.mean({ axis: 1, keepdims: true }).tanh()), product] as const;
    };
    return withPrecision(precision, () => scan(step, { init: h, length: 2 })[1]);
  };
  // Cut in three parts, which begin at odd steps, or in two blocks of one part.
  const shapes = [
    [32, 6147, 32],
    [8, 5001, 16],
  ] as const;
  const given = shapes.flatMap(([rows, deep, columns], i) => [
    draw(20 + i, [rows, deep]),
    draw(30 + i, [deep, columns]).mul(0.05),
  ]);

  it.each(["float32", "bfloat16"] as const)("of a depth that is cut agree with reference, in %s", async (precision) => {
    const all = (a: Tensor, v: Tensor, b: Tensor, w: Tensor) =>
      concatenate([products(a, v, precision).reshape([-1]), products(b, w, precision).reshape([-1])]);
    const outputs = (engine: "reference" | "native" | "wasm") =>
      compile(all, { engine })(...(given as [Tensor, Tensor, Tensor, Tensor])).then(numbers);
    const expected = await outputs("reference");
    for (const engine of ["native", "wasm"] as const) {
      const found = await outputs(engine);
      expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(
        precision === "float32" ? 2e-5 : 2e-3,
      );
    }
  });
});

describe("a profile", () => {
  it.each(["native", "wasm"] as const)("tells the time of a loop's kernels over all of its turns: %s", async (name) => {
    const { engine } = await resolveEngine(name);
    const program = await createProgram({
      name: "recurrent",
      engine,
      profile: true,
      inputs: { xs: { shape: [5, 4, 64], dtype: "float32" }, u: { shape: [64, 64], dtype: "float32" } },
      body: ({ inputs }) => {
        const step = (h: Tensor, x: Tensor) => [h.matmul(inputs.u!).add(x).tanh(), h.softmax()] as const;
        const [end, ys] = scan(step, { init: zeros([4, 64]), xs: inputs.xs! });
        return { outputs: { end, ys } };
      },
    });
    const bound = program.bind();
    for (let run = 0; run < 2; run++) {
      await bound.run();
      const { kernels, times } = program.profiler!;
      const repeated = kernels.flatMap(({ title }, i) => (title.startsWith("5 times ") ? [i] : []));
      expect(repeated.length).toBeGreaterThan(1);
      expect(kernels.find(({ title }) => title.startsWith("5 times matmul"))?.operations).toBeGreaterThan(
        5 * 2 * 4 * 64 * 64,
      );
      const noted = times.call(program.profiler).filter(({ thread }) => thread === 0);
      expect(new Set(noted.map(({ kernel }) => kernel)).size).toBe(kernels.length);
      noted.forEach(({ begin, end }, i) => {
        expect(end).toBeGreaterThanOrEqual(begin);
        if (i > 0) expect(begin).toBeGreaterThanOrEqual(noted[i - 1]!.begin);
      });
    }
  });
});

describe("gradients through scan", () => {
  it.each([
    ["forward", {}],
    ["in reverse", { reverse: true }],
    ["recomputed", { recompute: true }],
  ])("agree with differences, first and second order: %s", async (_name, options) => {
    const result = await gradCheck(recurrent(options), weights, { order: 2 });
    expect(result.passed, result.detail).toBe(true);
  });

  it("agree through a loop in a loop", async () => {
    const nested = (xs: Tensor, w: Tensor) => {
      const inner = (c: Tensor, x: Tensor) => [c.mul(w).add(x).sin(), c.mul(x)] as const;
      const outer = (c: Tensor, rows: Tensor) => {
        const [end, ys] = scan(inner, { init: c.mul(0.5), xs: rows, reverse: true });
        return [end.add(c.mul(w)), ys.sum({ axis: 0 })] as const;
      };
      const [end, ys] = scan(outer, { init: ones([2]), xs });
      return end.add(ys.sum({ axis: 0 }));
    };
    const result = await gradCheck(nested, [draw(6, [3, 4, 2]), draw(7, [2])], { order: 2 });
    expect(result.passed, result.detail).toBe(true);
  });

  it("are the same kept and recomputed, on every engine", async () => {
    const slopes = (options: object) => (xs: Tensor, h: Tensor, w: Tensor, u: Tensor, b: Tensor) =>
      gradients(recurrent(options)(xs, h, w, u, b).sum(), [xs, h, w, u, b]);
    type Slopes = (...x: Tensor[]) => Promise<Tensor[]>;
    const on = (options: object, engine: string) => compile(slopes(options), { engine }) as unknown as Slopes;
    const exact = await Promise.all((await on({}, "reference")(...weights)).map(numbers));
    for (const engine of ["wasm", "native"]) {
      for (const options of [{}, { recompute: true }]) {
        const found = await Promise.all((await on(options, engine)(...weights)).map(numbers));
        found.forEach((values, i) => values.forEach((value, j) => expect(value).toBeCloseTo(exact[i]![j]!, 4)));
      }
    }
  });

  it("of a step's own gradient: gradient descent, differentiated by its rate", async () => {
    const descend = (rate: Tensor) => {
      const loss = (w: Tensor) => w.square().square().sum();
      const [end] = scan((w: Tensor) => [w.sub(grad(loss)(w).mul(rate)), []], { init: tensor([1, -0.5]), length: 3 });
      return loss(end);
    };
    const result = await gradCheck(descend, [tensor(0.05)], { order: 2 });
    expect(result.passed, result.detail).toBe(true);
  });
});
