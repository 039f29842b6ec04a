import { describe, expect, test } from "vitest";
import {
  activations,
  losses,
  lossNames,
  lossToJson,
  reduceLoss,
  registerLoss,
  resolveLoss,
} from "../../src/nn/index.ts";
import { compile, gradCheck, gradients, type Tensor, tensor } from "../../src/tensor/index.ts";

/** The values; a negative zero is a zero. */
const numbers = async (x: Tensor) => [...(await x.data())].map((value) => value + 0);

const grid = (rows: number[][]) => tensor(rows);

/** Targets and predictions that fit each kind of target. */
const BY_TARGETS: Record<string, { yTrue: Tensor; yPred: Tensor }> = {
  numbers: {
    yTrue: grid([
      [1, 2],
      [3, 4],
    ]),
    yPred: grid([
      [1.5, 0.25],
      [2.5, 6],
    ]),
  },
  probabilities: {
    yTrue: grid([
      [1, 0],
      [0.25, 1],
    ]),
    yPred: grid([
      [0.9, 0.4],
      [0.5, 0.2],
    ]),
  },
  signs: {
    yTrue: grid([
      [1, 0],
      [-1, 1],
    ]),
    yPred: grid([
      [0.75, 0.5],
      [-0.5, 2],
    ]),
  },
  distributions: {
    yTrue: grid([
      [1, 0],
      [0.25, 0.75],
    ]),
    yPred: grid([
      [0.9, 0.1],
      [0.6, 0.2],
    ]),
  },
  classes: {
    yTrue: tensor(new Int32Array([1, 0])),
    yPred: grid([
      [0.9, 0.1],
      [0.6, 0.2],
    ]),
  },
  labels: {
    yTrue: tensor(new Int32Array([1, 0, 1, 0])),
    yPred: grid([
      [0.75, 0.5],
      [0.5, -0.75],
      [0.25, 0.75],
      [-0.5, 0.75],
    ]),
  },
};

/** And those that want others. */
const BY_NAME: Record<string, { yTrue: Tensor; yPred: Tensor }> = {
  gaussianNll: {
    yTrue: grid([[1], [3]]),
    yPred: grid([
      [1.5, 0.25],
      [2.5, -1],
    ]),
  },
  ctc: {
    yTrue: tensor(new Int32Array([1, 2, 1, 0]), { shape: [2, 2] }),
    yPred: tensor([
      [
        [0.5, -0.25, 0.125],
        [1, 0.5, 0.25],
        [0.25, 1.5, -1],
      ],
      [
        [-0.5, 0.75, 0.5],
        [0.5, 1, 0],
        [0.75, 0.25, -0.5],
      ],
    ]),
  },
  tripletMargin: {
    yTrue: tensor([0, 0]),
    yPred: tensor([
      [
        [1, 2],
        [0.5, 1],
        [3, 1],
      ],
      [
        [0.25, 0.5],
        [2, 1],
        [0, 1],
      ],
    ]),
  },
};

/** Those whose slope jumps: second derivatives by differences say nothing. */
const KINKED = /hinge|absolute|huber|quantile|triplet|contrastive|circle/i;

describe("every loss", () => {
  test.each(lossNames)("%s gives one number per sample, with right gradients", async (name) => {
    const loss = resolveLoss(name);
    expect(loss.kind).toBe(name);
    const { yTrue, yPred } = (BY_NAME[name] ?? BY_TARGETS[loss.targets]) as { yTrue: Tensor; yPred: Tensor };
    expect(loss(yTrue, yPred).shape).toEqual([yPred.shape[0]]);
    const order = KINKED.test(name) ? 1 : 2;
    const { worst, detail } = await gradCheck((yPred) => loss(yTrue, yPred), [yPred], { order, tolerance: 1e-4 });
    expect(worst, detail).toBeLessThan(1e-4);
  });
});

describe("losses in numbers", () => {
  test("of regression, averaged over a sample's outputs", async () => {
    const [yTrue, yPred] = [tensor([[0, 0]]), tensor([[1, 3]])];
    expect(await numbers(losses.meanSquaredError()(yTrue, yPred))).toEqual([5]);
    expect(await numbers(losses.meanAbsoluteError()(yTrue, yPred))).toEqual([2]);
    expect(await numbers(losses.huber()(yTrue, yPred))).toEqual([1.5]);
    expect(await numbers(losses.huber({ delta: 2 })(yTrue, yPred))).toEqual([2.25]);
  });

  test("of cross-entropy: sure and right costs nothing, sure and wrong the distance of the logits", async () => {
    const z = tensor([[200], [-200], [200], [0]]);
    const y = tensor([[1], [0], [0], [1]]);
    const expected = [0, 0, 200, Math.fround(Math.LN2)];
    expect(await numbers(losses.binaryCrossentropy()(y, activations.sigmoid(z)))).toEqual(expected);
    expect(await numbers(losses.binaryCrossentropy({ fromLogits: true })(y, z))).toEqual(expected);
    const logits = tensor([
      [200, 0],
      [0, 200],
    ]);
    const labels = tensor(new Uint8Array([0, 0]));
    expect(await numbers(losses.sparseCategoricalCrossentropy()(labels, activations.softmax(logits)))).toEqual([
      0, 200,
    ]);
  });

  test("from plain probabilities are clipped at 1e-7", async () => {
    const [wrong] = await numbers(losses.binaryCrossentropy()(tensor([[1]]), tensor([[0]])));
    expect(wrong).toBeCloseTo(-Math.log(1e-7), 3);
    const [impossible] = await numbers(losses.categoricalCrossentropy()(tensor([[0, 1]]), tensor([[1, 0]])));
    expect(impossible).toBeCloseTo(-Math.log(1e-7), 3);
  });

  test("of binary cross-entropy have the slope p - y at logits of 0", async () => {
    const z = tensor([[0], [0]]);
    const y = tensor([[1], [0]]);
    const [slope] = gradients(losses.binaryCrossentropy()(y, activations.sigmoid(z)).sum(), [z]);
    expect(await slope?.array()).toEqual([[-0.5], [0.5]]);
  });

  test("with smoothed labels", async () => {
    const smooth = losses.categoricalCrossentropy({ labelSmoothing: 0.2 });
    const plain = losses.categoricalCrossentropy();
    const p = tensor([[0.7, 0.3]]);
    const [a] = await numbers(smooth(tensor([[1, 0]]), p));
    const [b] = await numbers(plain(tensor([[0.9, 0.1]]), p));
    expect(a).toBeCloseTo(b as number, 6);
  });

  test("of sequences are averaged over the steps", async () => {
    const p = tensor([
      [
        [0.5, 0.5],
        [0.25, 0.75],
      ],
    ]);
    const [found] = await numbers(losses.sparseCategoricalCrossentropy()(tensor([[0, 1]]), p));
    expect(found).toBeCloseTo(-(Math.log(0.5) + Math.log(0.75)) / 2, 6);
  });
});

describe("a batch's loss", () => {
  const yTrue = tensor([
    [0, 0],
    [0, 0],
  ]);
  const yPred = tensor([
    [1, 1],
    [3, 3],
  ]); // losses 1 and 9
  const value = (reduction: "sum" | "meanWithSampleWeight" | "sumOverBatchSize", weights?: Tensor, mask?: Tensor) =>
    reduceLoss(losses.meanSquaredError({ reduction }), yTrue, yPred, weights, mask).loss.item();

  test("is divided by samples, by weights, or not at all", async () => {
    const weights = tensor([1, 3]);
    expect(await value("sumOverBatchSize")).toBe(5);
    expect(await value("sumOverBatchSize", weights)).toBe(14);
    expect(await value("meanWithSampleWeight", weights)).toBe(7);
    expect(await value("meanWithSampleWeight", tensor([0, 0]))).toBe(0);
    expect(await value("sum", weights)).toBe(28);
  });

  test("leaves out what is masked, also from the count", async () => {
    expect(await value("sumOverBatchSize", undefined, tensor([0, 1]))).toBe(9);
    expect(await value("sumOverBatchSize", undefined, tensor([0, 0]))).toBe(0);
    const steps = tensor([
      [1, 0],
      [1, 1],
    ]);
    const spoiled = tensor([
      [1, 1000],
      [3, 3],
    ]);
    const { loss } = reduceLoss(losses.meanSquaredError(), yTrue, spoiled, undefined, steps);
    expect(await loss.item()).toBeCloseTo(19 / 3, 6);
    const [slope] = gradients(loss, [spoiled]);
    expect(await slope?.array()).toEqual([
      [expect.closeTo(2 / 3), 0],
      [2, 2],
    ]);
  });

  test("none is not a reduction: a call gives one number per sample", () => {
    expect(() => losses.huber({ reduction: "none" as never })).toThrow('huber got reduction = "none"');
  });
});

describe("a loss and its targets", () => {
  test("a column and a row of numbers mean the same; nothing else is broadcast", async () => {
    const mse = losses.meanSquaredError();
    expect(await numbers(mse(tensor([1, 2]), tensor([[3], [2]])))).toEqual([4, 0]);
    expect(await numbers(mse(tensor([[1], [2]]), tensor([3, 2])))).toEqual([4, 0]);
    expect(() => mse(tensor([[1, 2]]), tensor([[3], [2]]))).toThrow(
      "meanSquaredError received targets of shape [1, 2] for predictions of shape [2, 1]",
    );
    expect(() => losses.sparseCategoricalCrossentropy()(tensor([[0, 1]]), tensor([[0.5, 0.5]]))).toThrow(
      "class numbers of shape [1, 2] for predictions of shape [1, 2]. Expected [1] or [1, 1].",
    );
  });

  test("fromLogits behind a sigmoid or softmax is a mistake", () => {
    const y = tensor([[1]]);
    expect(() => losses.binaryCrossentropy({ fromLogits: true })(y, activations.sigmoid(y))).toThrow(
      "binaryCrossentropy has fromLogits: true, but the predictions come from a sigmoid. Expected logits. Fix: leave fromLogits out",
    );
    expect(() => losses.categoricalCrossentropy({ fromLogits: true })(y, activations.softmax(y))).toThrow("a softmax");
  });
});

describe("a loss is given", () => {
  test("by name, by name with options, made or not, or as a function", async () => {
    expect(resolveLoss({ kind: "huber", delta: 2 }).options).toEqual({ delta: 2 });
    expect(resolveLoss(losses.huber({ delta: 2 })).options).toEqual({ delta: 2 });
    expect(resolveLoss(losses.huber as never).kind).toBe("huber");
    const article = resolveLoss((yTrue, yPred) => yTrue.sub(yPred).square().mean());
    expect(article.targets).toBe("any");
    expect(await article(tensor([[1], [2]]), tensor([[0], [0]])).item()).toBe(2.5);
    const perElement = resolveLoss((yTrue, yPred) => yTrue.sub(yPred).square());
    expect(await numbers(perElement(tensor([[1, 2]]), tensor([[0, 0]])))).toEqual([2.5]);
  });

  test("with known options only", () => {
    expect(() => resolveLoss("meanSquareError" as never)).toThrow('did you mean "meanSquaredError"?');
    expect(() => resolveLoss({ kind: "huber", delt: 2 } as never)).toThrow('did you mean "delta"?');
    expect(() => losses.huber({ delta: 0 })).toThrow("huber got delta = 0");
    expect(() => losses.sparseCategoricalCrossentropy({ labelSmoothing: 0.1 } as never)).toThrow("labelSmoothing");
    expect(() => resolveLoss(undefined as never)).toThrow("undefined is no loss");
  });

  test("and written to files by its name", () => {
    expect(lossToJson(losses.huber({ delta: 2 }))).toEqual({ kind: "huber", delta: 2 });
    expect(() => lossToJson(resolveLoss((a, b) => a.sub(b)))).toThrow('registerLoss("mine", f)');
    const cubic = registerLoss("cubic", (yTrue, yPred) => yTrue.sub(yPred).abs().pow(3));
    expect(lossToJson(resolveLoss(cubic))).toEqual({ kind: "cubic" });
    expect(resolveLoss("cubic" as never).kind).toBe("cubic");
  });
});

describe("circle", () => {
  /** Slopes of the mean, in float64: of each pair's similarity by the definition, then of x. */
  function slopes(labels: readonly number[], x: readonly (readonly number[])[], gamma = 80, margin = 0.4): number[][] {
    const dot = (a: number, b: number) => x[a]!.reduce((sum, value, f) => sum + value * x[b]![f]!, 0);
    const all = labels.map((_, b) => b);
    const result = x.map((row) => row.map(() => 0));
    for (const a of all) {
      const side = (of: number[], exponent: (s: number) => number, slope: (s: number) => number) => {
        const values = of.map((b) => exponent(dot(a, b)));
        const top = Math.max(...values);
        const total = values.reduce((sum, value) => sum + Math.exp(value - top), 0);
        const terms = of.map((b, i) => ({ b, slope: (Math.exp(values[i]! - top) / total) * slope(dot(a, b)) }));
        return { log: top + Math.log(total), terms };
      };
      const positives = all.filter((b) => b !== a && labels[b] === labels[a]);
      const negatives = all.filter((b) => labels[b] !== labels[a]);
      const near = side(
        positives,
        (s) => gamma * ((1 - s) ** 2 - margin ** 2),
        (s) => -2 * gamma * (1 - s),
      );
      const far = side(
        negatives,
        (s) => gamma * Math.max(s + margin, 0) * (s - margin),
        (s) => (s > -margin ? 2 * gamma * s : 0),
      );
      const scale = 1 / (1 + Math.exp(-near.log - far.log)) / labels.length;
      for (const { b, slope } of [...near.terms, ...far.terms]) {
        for (const f of x[a]!.keys()) {
          result[a]![f]! += scale * slope * x[b]![f]!;
          result[b]![f]! += scale * slope * x[a]![f]!;
        }
      }
    }
    return result;
  }

  /** Rows of length 1, as float32 has them, on no grid. */
  function embeddings(rows: number, features: number, seed: number): number[][] {
    return Array.from({ length: rows }, (_, i) => {
      const row = Array.from({ length: features }, (_, f) =>
        Math.sin(12.9898 * (i * features + f) + 78.233 * seed ** 2),
      );
      const length = Math.hypot(...row);
      return row.map((value) => Math.fround(value / length));
    });
  }

  test("loses of any batch's slopes what rounding their terms once loses, not what rounding its exponents does", async () => {
    const labels = [0, 1, 0, 2, 1, 0, 2, 1, 0, 1, 0, 2, 1, 0, 2, 1];
    const yTrue = tensor(new Int32Array(labels));
    const found = compile((x: Tensor) => gradients(losses.circle()(yTrue, x).mean(), [x]));
    let worst = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const x = embeddings(labels.length, 8, seed);
      const [got] = await found(tensor(x));
      const expected = slopes(labels, x).flat();
      const greatest = Math.max(...expected.map(Math.abs));
      for (const [i, value] of (await got!.data()).entries()) {
        worst = Math.max(worst, Math.abs(value - expected[i]!) / greatest);
      }
    }
    expect(worst).toBeLessThan(4e-7);
  });
});
