import { describe, expect, test } from "vitest";
import {
  buildMetric,
  classificationReport,
  losses,
  type MetricContext,
  type MetricSpec,
  MetricTotal,
  metricNames,
  metrics,
  metricToJson,
  registerMetric,
  resolveLoss,
  resolveMetric,
} from "../../src/nn/index.ts";
import { type Tensor, tensor } from "../../src/tensor/index.ts";
import { HostRandom, type Shape } from "../../src/util/index.ts";

interface Data {
  yTrue: Tensor;
  yPred: Tensor;
  weights?: Tensor;
}

const sample = ({ shape }: Tensor): Shape => shape.slice(1);

/** The metric over a data set that comes in batches of these sizes. */
async function measure(spec: MetricSpec, data: Data, batches?: number[], loss?: MetricContext["loss"]) {
  const { yTrue, yPred, weights } = data;
  const context = { outputShape: sample(yPred), targetShape: sample(yTrue), ...(loss && { loss }) };
  const metric = buildMetric(spec, context);
  const total = new MetricTotal(metric);
  let start = 0;
  for (const size of batches ?? [yPred.shape[0] ?? 0]) {
    const cut = (x: Tensor) => x.slice([start, start + size]);
    const statistics = metric.statistics(cut(yTrue), cut(yPred), weights && cut(weights));
    const rows = metric.collects ? statistics.size / metric.size : 1;
    expect(statistics.shape).toEqual([rows * metric.size]);
    total.add(await statistics.data());
    start += size;
  }
  return total.result();
}

const binary: Data = { yTrue: tensor([[1], [1], [0], [0], [1]]), yPred: tensor([[0.9], [0.4], [0.6], [0.1], [0.7]]) };
const classes: Data = {
  yTrue: tensor(new Int32Array([0, 1, 2, 2, 0])),
  yPred: tensor([
    [0.8, 0.1, 0.1],
    [0.2, 0.5, 0.3],
    [0.1, 0.7, 0.2],
    [0.2, 0.2, 0.6],
    [0.3, 0.4, 0.3],
  ]),
};
const oneHot: Data = { yTrue: classes.yTrue.oneHot(3), yPred: classes.yPred };
const labels: Data = {
  yTrue: tensor([
    [1, 0],
    [1, 1],
  ]),
  yPred: tensor([
    [0.9, 0.6],
    [0.2, 0.8],
  ]),
};
const bce = resolveLoss("binaryCrossentropy");

describe("accuracy finds out what is measured", () => {
  test("one unit: yes or no", async () => {
    expect(await measure("accuracy", binary)).toBeCloseTo(3 / 5);
    expect(await measure("accuracy", { yTrue: binary.yTrue.reshape([5]), yPred: binary.yPred })).toBeCloseTo(3 / 5);
  });
  test("class numbers, as a row or a column, and one-hot targets", async () => {
    expect(await measure("accuracy", classes)).toBeCloseTo(3 / 5);
    expect(await measure("accuracy", { ...classes, yTrue: classes.yTrue.reshape([5, 1]) })).toBeCloseTo(3 / 5);
    expect(await measure("accuracy", oneHot)).toBeCloseTo(3 / 5);
  });
  test("several labels behind a binary cross-entropy", async () => {
    expect(await measure("accuracy", labels, undefined, bce)).toBeCloseTo(2 / 4);
  });
  test("logits: the threshold is their 0", async () => {
    const logits = { yTrue: tensor([[1], [0]]), yPred: tensor([[0.2], [-0.2]]) };
    expect(await measure("accuracy", logits, undefined, losses.binaryCrossentropy({ fromLogits: true }))).toBe(1);
    expect(await measure("accuracy", logits)).toBe(0.5);
  });
  test("steps of a sequence", async () => {
    const yPred = classes.yPred.slice([0, 4]).reshape([2, 2, 3]);
    expect(await measure("accuracy", { yTrue: tensor(new Int32Array([0, 1, 2, 2]), { shape: [2, 2] }), yPred })).toBe(
      0.75,
    );
  });
});

describe("precision, recall and F1", () => {
  test("of one unit count the positive class", async () => {
    expect(await measure("precision", binary)).toBeCloseTo(2 / 3);
    expect(await measure("recall", binary)).toBeCloseTo(2 / 3);
    expect(await measure({ kind: "recall", threshold: 0.3 }, binary)).toBeCloseTo(1);
    expect(await measure({ kind: "precision", average: "none" }, binary)).toEqual([0.5, expect.closeTo(2 / 3)]);
  });

  test("of classes: one by one, together, and averaged", async () => {
    // class: hits, decided, truth: 0: 1, 1, 2; 1: 1, 3, 1; 2: 1, 1, 2
    expect(await measure({ kind: "precision", average: "none" }, classes)).toEqual([1, expect.closeTo(1 / 3), 1]);
    expect(await measure({ kind: "recall", average: "none" }, oneHot)).toEqual([0.5, 1, 0.5]);
    expect(await measure({ kind: "precision", average: "micro" }, classes)).toBeCloseTo(3 / 5);
    expect(await measure("precision", classes)).toBeCloseTo(7 / 9);
    expect(await measure({ kind: "precision", average: "weighted" }, classes)).toBeCloseTo((2 + 1 / 3 + 2) / 5);
    expect(await measure("f1", classes)).toBeCloseTo((2 / 3 + 1 / 2 + 2 / 3) / 3);
  });

  test("of several labels decide each for itself", async () => {
    expect(await measure({ kind: "recall", average: "none" }, labels, undefined, bce)).toEqual([0.5, 1]);
    expect(await measure({ kind: "precision", average: "micro" }, labels, undefined, bce)).toBeCloseTo(2 / 3);
  });

  test("weigh samples", async () => {
    const weights = tensor([1, 0, 0, 1, 3]);
    expect(await measure("precision", { ...binary, weights })).toBe(1);
    expect(await measure({ kind: "recall", average: "none" }, { ...classes, weights })).toEqual([0.25, 0, 1]);
  });

  test("refuse what has no meaning", () => {
    const context = { outputShape: [3], targetShape: [] };
    expect(() => buildMetric({ kind: "f1", average: "binary" }, context)).toThrow(
      'f1 has average: "binary", but 3 classes',
    );
    expect(() => metrics.precision({ average: "mean" as never })).toThrow('"binary" or "micro"');
    expect(() => metrics.precision({ threshold: 2 })).toThrow("precision got threshold = 2");
    expect(() => buildMetric("confusionMatrix", { outputShape: [3], targetShape: [3], loss: bce })).toThrow(
      "several labels",
    );
  });
});

test("confusionMatrix counts truth by row and decision by column", async () => {
  expect(await measure("confusionMatrix", classes, [2, 3])).toEqual([
    [1, 1, 0],
    [0, 1, 0],
    [0, 1, 1],
  ]);
  expect(await measure("confusionMatrix", binary, [1, 4])).toEqual([
    [1, 1],
    [1, 2],
  ]);
});

describe("every metric is exact over batches", () => {
  const random = new HostRandom(4);
  const draw = (n: number, next: () => number) => Float32Array.from({ length: n }, next);
  const scores = draw(60, () => random.uniform());
  const data: Record<string, Data> = {
    binary: {
      yTrue: tensor(
        draw(60, () => random.integer(2)),
        { shape: [60, 1] },
      ),
      yPred: tensor(scores, { shape: [60, 1] }),
    },
    classes: {
      yTrue: tensor(Int32Array.from({ length: 20 }, () => random.integer(3))),
      yPred: tensor(scores, { shape: [20, 3] }),
    },
    numbers: {
      yTrue: tensor(
        draw(60, () => 2000 + random.normal()),
        { shape: [30, 2] },
      ),
      yPred: tensor(
        draw(60, () => 2000 + random.normal()),
        { shape: [30, 2] },
      ),
    },
  };
  const kindOf = (name: string) => {
    if (/^(binary|hinge|squaredHinge)/.test(name)) return "binary";
    if (/Error$|^r2|Correlation$|Variance|Cosh|huber|cosine/.test(name) && !/matthews|expected/.test(name))
      return "numbers";
    return "classes";
  };
  test.each(metricNames)("%s", async (name) => {
    const { yTrue, yPred } = data[kindOf(name)] as Data;
    const oneHot = /^(categorical|topK|klDivergence|poisson)/.test(name);
    const given = oneHot ? { yTrue: yTrue.oneHot(3), yPred } : { yTrue, yPred };
    const count = yPred.shape[0] ?? 0;
    const weights = tensor(draw(count, () => random.integer(3)));
    for (const all of [given, { ...given, weights }]) {
      const whole = [await measure(name, all)].flat(2);
      const parts = [await measure(name, all, [7, 1, count - 10, 2])].flat(2);
      whole.forEach((value, i) => {
        expect(parts[i]).toBeCloseTo(value, 5);
      });
      const twice = [await measure(name, { ...given, ...doubled(given) })].flat(2);
      if (!/^(confusionMatrix|(true|false)(Positives|Negatives))$/.test(name) && all === given)
        expect(twice[0]).toBeCloseTo(whole[0] as number, 5);
    }
  });
  const doubled = ({ yTrue, yPred }: Data): Data => ({
    yTrue,
    yPred,
    weights: tensor(new Float32Array(yPred.shape[0] ?? 0).fill(2)),
  });
});

describe("totals of parts", () => {
  const context = { outputShape: [1], targetShape: [1] };
  const part = async (spec: MetricSpec, from: number, to: number) => {
    const metric = buildMetric(spec, context);
    const total = new MetricTotal(metric);
    const [yTrue, yPred] = [binary.yTrue.slice([from, to]), binary.yPred.slice([from, to])];
    total.add(await metric.statistics(yTrue, yPred).data());
    return total;
  };

  test.each(["accuracy", "auc", "r2", "pearsonCorrelation", "spearmanCorrelation", "maxError"] as const)(
    "of %s merge into that of all, in any order",
    async (name) => {
      const whole = (await part(name, 0, 5)).result() as number;
      const [first, second] = [await part(name, 0, 2), await part(name, 2, 5)];
      const other = await part(name, 2, 5);
      first.add(second.statistics);
      expect(first.result()).toBeCloseTo(whole, 6);
      other.add((await part(name, 0, 2)).statistics);
      expect(other.result()).toBeCloseTo(whole, 6);
      other.reset();
      other.add((await part(name, 0, 5)).statistics);
      expect(other.result()).toBeCloseTo(whole, 6);
    },
  );
});

describe("curves", () => {
  test("are those of all samples, or of each label", async () => {
    expect(await measure("auc", binary, [2, 3])).toBeCloseTo(5 / 6);
    expect(await measure({ kind: "auc", average: "none" }, labels, undefined, bce)).toEqual([0, 1]);
    expect(await measure("auc", labels, undefined, bce)).toBe(1); // the first label is always true
  });
});

describe("metrics of a model that gives logits", () => {
  const logits = { yTrue: tensor([[1], [0]]), yPred: tensor([[2], [-1]]) };
  const loss = losses.binaryCrossentropy({ fromLogits: true });
  const p = (z: number) => 1 / (1 + Math.exp(-z));
  test("take them as such", async () => {
    const entropy = -(Math.log(p(2)) + Math.log(1 - p(-1))) / 2;
    expect(await measure("binaryCrossentropy", logits, undefined, loss)).toBeCloseTo(entropy, 6);
    const squares = ((1 - p(2)) ** 2 + p(-1) ** 2) / 2;
    expect(await measure("brier", logits, undefined, loss)).toBeCloseTo(squares, 6);
  });
});

describe("classificationReport", () => {
  test("tells classes and their means, as data and as text", () => {
    const report = classificationReport(
      [
        [8, 2],
        [1, 9],
      ],
      { labels: ["cat", "dog"] },
    );
    expect(report.accuracy).toBe(0.85);
    expect(report.classes[0]).toEqual({
      label: "cat",
      precision: expect.closeTo(8 / 9),
      recall: 0.8,
      f1: expect.closeTo(16 / 19),
      support: 10,
    });
    expect(report.macro.recall).toBeCloseTo(0.85);
    expect(report.weighted.support).toBe(20);
    expect(String(report).split("\n")).toEqual([
      "               precision  recall     f1  support",
      "cat                0.889   0.800  0.842       10",
      "dog                0.818   0.900  0.857       10",
      "accuracy                          0.850       20",
      "macro mean         0.854   0.850  0.850       20",
      "weighted mean      0.854   0.850  0.850       20",
    ]);
  });

  test("refuses what is no confusion matrix", () => {
    expect(() => classificationReport([[1, 2]])).toThrow("no square matrix");
    expect(() => classificationReport([[1]], { labels: ["a", "b"] })).toThrow("2 labels for 1 classes");
  });
});

describe("r2", () => {
  test("is 1 for the truth, 0 for the mean, and for constant targets 1 or 0", async () => {
    const yTrue = tensor([[1], [2], [6]]);
    expect(await measure("r2", { yTrue, yPred: yTrue })).toBe(1);
    expect(await measure("r2", { yTrue, yPred: tensor([[3], [3], [3]]) }, [1, 2])).toBeCloseTo(0, 12);
    const same = tensor([[2], [2]]);
    expect(await measure("r2", { yTrue: same, yPred: same }, [1, 1])).toBe(1);
    expect(await measure("r2", { yTrue: same, yPred: tensor([[2], [3]]) }, [1, 1])).toBe(0);
  });

  test("keeps its digits for targets far from zero", async () => {
    const far = (values: number[]) => tensor(values.map((value) => [8192 + value]));
    const truth = [0, 1 / 16, 3 / 16, 1 / 8, 1 / 2, 0];
    const guess = [1 / 16, 1 / 16, 1 / 8, 1 / 8, 3 / 8, 0];
    const mean = truth.reduce((sum, y) => sum + y, 0) / 6;
    const errors = truth.reduce((sum, y, i) => sum + (y - (guess[i] as number)) ** 2, 0);
    const squares = truth.reduce((sum, y) => sum + (y - mean) ** 2, 0);
    const found = await measure("r2", { yTrue: far(truth), yPred: far(guess) }, [2, 3, 1]);
    expect(found).toBeCloseTo(1 - errors / squares, 6);
  });

  test("of several outputs is their mean, or a list", async () => {
    const data = {
      yTrue: tensor([
        [1, 0],
        [3, 2],
      ]),
      yPred: tensor([
        [1, 1],
        [3, 1],
      ]),
    };
    expect(await measure("r2", data)).toBeCloseTo(0.5);
    expect(await measure({ kind: "r2", average: "none" }, data)).toEqual([1, 0]);
  });
});

describe("a metric is given", () => {
  test("by name, with options, made or not, or as a function", async () => {
    expect(resolveMetric({ kind: "f1", average: "micro", name: "microF1" }).name).toBe("microF1");
    expect(resolveMetric(metrics.recall as never).kind).toBe("recall");
    expect(resolveMetric(metrics.recall({ name: "found" })).name).toBe("found");
    const bias = (yTrue: Tensor, yPred: Tensor) => yPred.sub(yTrue).mean({ axis: -1 });
    expect(resolveMetric(bias).name).toBe("bias");
    const data = {
      yTrue: tensor([
        [0, 0],
        [1, 1],
        [2, 2],
      ]),
      yPred: tensor([
        [1, 3],
        [1, 1],
        [2, 6],
      ]),
    };
    expect(await measure(bias, data, [2, 1])).toBeCloseTo(4 / 3);
    expect(await measure((yTrue, yPred) => yPred.sub(yTrue).mean(), data, [2, 1])).toBeCloseTo(4 / 3);
    expect(await measure(bias, { ...data, weights: tensor([1, 0, 3]) })).toBeCloseTo(2);
  });

  test("with known options only", () => {
    expect(() => resolveMetric("acuracy" as never)).toThrow('did you mean "accuracy"?');
    expect(() => resolveMetric({ kind: "f1", averge: "micro" } as never)).toThrow('did you mean "average"?');
  });

  test("and written to files by its name", () => {
    expect(metricToJson(metrics.f1({ average: "macro" }))).toEqual({ kind: "f1", average: "macro" });
    expect(() => metricToJson(resolveMetric((a) => a))).toThrow('registerMetric("mine", f)');
    const bias = registerMetric("offset", (yTrue, yPred) => yPred.sub(yTrue));
    expect(metricToJson(resolveMetric(bias))).toEqual({ kind: "offset" });
    expect(resolveMetric("offset" as never).name).toBe("offset");
  });
});
