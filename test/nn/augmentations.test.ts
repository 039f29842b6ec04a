import { describe, expect, test } from "vitest";
import { betaOf } from "../../src/nn/augmentations/beta.ts";
import { augmentationNames, augmentations, layers, resolveAugment } from "../../src/nn/index.ts";
import { arange, randomKey, type Tensor, tensor } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";

const BATCH = 8;
/** Image i is i everywhere. */
const images = arange(BATCH).cast("float32").reshape([BATCH, 1, 1, 1]).broadcastTo([BATCH, 16, 16, 1]);
const targets = arange(BATCH).oneHot(BATCH);

async function rows(x: Tensor): Promise<number[][]> {
  return (await x.reshape([x.shape[0] ?? 1, -1]).array()) as number[][];
}

/** The targets of images [.., i] as one-hot rows of i: what mixing them by pixels must give. */
function sharesOf(image: readonly number[]): number[] {
  return Array.from({ length: BATCH }, (_, i) => image.filter((pixel) => pixel === i).length / image.length);
}

test("Beta(a, a) has the quantiles of scipy.stats.beta.ppf", async () => {
  const u = [0.001, 0.05, 0.2, 0.4, 0.5, 0.75, 0.99];
  const expected = {
    0.2: [2.47806e-14, 7.74389e-6, 0.00788805, 0.216342, 0.5, 0.976185, 1],
    1: u,
    4: [0.0766545, 0.225322, 0.350094, 0.453896, 0.5, 0.621152, 0.85773],
  };
  for (const [a, wanted] of Object.entries(expected)) {
    const found = [...(await betaOf(tensor(u), Number(a)).data())];
    found.forEach((x, i) => {
      expect(Math.abs(x - (wanted[i] as number))).toBeLessThan(1e-3);
    });
  }
});

describe("mixUp", () => {
  test("mixes each sample with another, and its target alike", async () => {
    const mix = augmentations.mixUp({ alpha: 1 });
    const key = randomKey(5);
    const [x, y] = [await rows(mix(images, key)), await rows(mix.targets?.(targets, key, images) as Tensor)];
    const pairs = y.map((row) => row.flatMap((share, i) => (share > 0 ? [i] : [])));
    pairs.forEach((pair, i) => {
      expect(pair).toHaveLength(2);
      expect(pair).toContain(i);
      const row = y[i] as number[];
      expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
      expect(x[i]?.[0]).toBeCloseTo(
        row.reduce((sum, share, number) => sum + share * number, 0),
        5,
      );
    });
    expect(new Set(y.map((row) => Math.max(...row))).size).toBeGreaterThan(4); // a share for every sample
  });
});

describe("cutMix", () => {
  test("gives each image a rectangle of another, and the targets the pixels' shares", async () => {
    const cut = augmentations.cutMix();
    const key = randomKey(6);
    const [x, y] = [await rows(cut(images, key)), await rows(cut.targets?.(targets, key, images) as Tensor)];
    expect(x.some((image) => new Set(image).size === 2)).toBe(true);
    x.forEach((image, i) => {
      expect(image.every((pixel) => Number.isInteger(pixel))).toBe(true);
      sharesOf(image).forEach((share, k) => {
        expect(y[i]?.[k]).toBeCloseTo(share, 6);
      });
    });
  });

  test("wants images", () => {
    expect(() => augmentations.cutMix()(tensor([[1]]), randomKey(1))).toThrow(/inputs of shape \[1, 1\].*images/);
  });
});

describe("several in a row", () => {
  test("draw numbers of their own, and targets follow the images as they were then", async () => {
    const both = resolveAugment([{ kind: "cutMix" }, augmentations.cutMix(), { kind: "randomFlip", mode: "vertical" }]);
    const key = randomKey(7);
    const [x, y] = [await rows(both(images, key)), await rows(both.targets?.(targets, key, images) as Tensor)];
    // The second one cuts from images that are cut already; its targets cannot know the pixels, but shares still sum to 1.
    y.forEach((row, i) => {
      expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      expect(x[i]).toHaveLength(256);
    });
    expect(both.targets).toBeDefined();
    expect(resolveAugment([layers.randomFlip()]).targets).toBeUndefined();
  });

  test("a layer does in augment what it does in a model", async () => {
    const augment = resolveAugment(layers.randomBrightness([0.5, 0.5], { valueRange: [0, 10] }));
    expect((await rows(augment(images, randomKey(1)))).map(([pixel]) => pixel)).toEqual([5, 6, 7, 8, 9, 10, 10, 10]);
  });

  test("wrong parts are refused", () => {
    expect(augmentationNames).toEqual(["cutMix", "mixUp"]);
    expect(() => augmentations.mixUp({ alpha: 0 })).toThrow(/alpha = 0.*from 0.01 to 100/);
    expect(() => resolveAugment({ kind: "mixup" })).toThrow(/mixup.*mixUp/);
    expect(() => resolveAugment([3 as never])).toThrow(/augment holds 3.*a layer/);
    const dense = resolveAugment(layers.dense(2));
    expect(() => dense(tensor([[1]]), randomKey(1))).toThrow(/a dense layer, which has weights/);
  });
});

describe("fit with mixed targets", () => {
  const classifier = (loss: string) => {
    const model = sequential([
      layers.flatten({ inputShape: [16, 16, 1] }),
      layers.dense(BATCH, { activation: "softmax" }),
    ]);
    model.compile({ optimizer: "sgd", loss: loss as "meanSquaredError", engine: "reference" });
    return model;
  };

  test("trains, and measures what is not mixed", async () => {
    const model = classifier("categoricalCrossentropy");
    const before = await model.evaluate(images, targets);
    const augment = [layers.randomFlip(), augmentations.mixUp(), augmentations.cutMix()];
    await model.fit(images, targets, { epochs: 3, augment, verbose: 0 });
    expect((await model.evaluate(images, targets)).loss).not.toBe(before.loss);
  });

  test("refuses class numbers, and says what to do", async () => {
    const failure = classifier("sparseCategoricalCrossentropy").fit(images, arange(BATCH), {
      augment: augmentations.mixUp(),
      verbose: 0,
    });
    await expect(failure).rejects.toThrow(/mixes targets.*one-hot rows.*categoricalCrossentropy/);
  });
});
