import { describe, expect, test } from "vitest";
import { affineWarp, type ImageAugmentationOptions, imageAugmentation } from "../../src/data/index.ts";
import { arange, ones, RandomKey, randomKey, type Tensor, tensor } from "../../src/tensor/index.ts";
import { forEachEngine, runOn } from "../../src/testing/index.ts";
import { expectClose } from "./close.ts";

const shape = [3, 5, 4, 2] as const;
/** Images whose every value differs. */
const images = arange(3 * 5 * 4 * 2)
  .cast("float32")
  .add(1)
  .reshape(shape);
const identity = {
  rowFromRow: 1,
  rowFromColumn: 0,
  rowOffset: 0,
  columnFromRow: 0,
  columnFromColumn: 1,
  columnOffset: 0,
};

async function values(t: Tensor): Promise<number[]> {
  return [...(await t.data())];
}

describe("affineWarp", () => {
  test("by the identity changes nothing", async () => {
    expect(await values(affineWarp(images, identity))).toEqual(await values(images));
  });

  test.each([
    [1, 0],
    [0, -1],
    [-2, 3],
    [5, 0],
  ])("by whole pixels (%d rows, %d columns) moves and brings in zeros", async (rows, columns) => {
    const moved = affineWarp(images, { ...identity, rowOffset: -rows, columnOffset: -columns });
    const around = images.pad([
      [0, 0],
      [6, 6],
      [6, 6],
      [0, 0],
    ]);
    const expected = around.slice(null, [6 - rows, 11 - rows], [6 - columns, 10 - columns], null);
    expect(await values(moved)).toEqual(await values(expected));
  });

  test("by half a pixel averages neighbours", async () => {
    const row = tensor([1, 3, 7]).reshape([1, 1, 3, 1]);
    expect(await values(affineWarp(row, { ...identity, columnOffset: 0.5 }))).toEqual([2, 5, 3.5]);
  });

  test("a quarter turn is a transposition and a flip", async () => {
    const square = arange(16).cast("float32").reshape([1, 4, 4, 1]);
    const turned = affineWarp(square, {
      ...identity,
      rowFromRow: 0,
      rowFromColumn: 1,
      columnFromRow: -1,
      columnFromColumn: 0,
    });
    // Output (r, c) reads input (c, 3 - r).
    const expected = Array.from({ length: 16 }, (_, i) => (i % 4) * 4 + (3 - Math.floor(i / 4)));
    expect(await values(turned)).toEqual(expected);
  });

  test("takes another map for every image", async () => {
    const rowOffset = tensor([0, 1, -1]).reshape([3, 1, 1]);
    const moved = await values(affineWarp(images, { ...identity, rowOffset }));
    const size = 5 * 4 * 2;
    const given = await values(images);
    expect(moved.slice(0, size)).toEqual(given.slice(0, size));
    expect(moved.slice(size, 2 * size)).toEqual([...given.slice(size + 8, 2 * size), ...new Array<number>(8).fill(0)]);
    expect(moved.slice(2 * size)).toEqual([...new Array<number>(8).fill(0), ...given.slice(2 * size, 3 * size - 8)]);
  });

  test("refuses other shapes and types", () => {
    expect(() => affineWarp(ones([5, 4]), identity)).toThrow(/shape \[5, 4\]. Expected images/);
    expect(() => affineWarp(images.cast("uint8"), identity)).toThrow(/uint8 images. Expected float32.*div\(255\)/);
  });
});

describe("imageAugmentation", () => {
  test("without strength changes nothing", async () => {
    for (const options of [{}, { shift: 0, rotate: 0, zoom: 0, noise: 0, flip: false, fill: 3 } as const]) {
      expect(await values(imageAugmentation(options)(images, randomKey(1)))).toEqual(await values(images));
    }
  });

  test("flipping twice by one key gives the images back, and flips some but not all", async () => {
    for (const flip of ["horizontal", "vertical", "both"] as const) {
      const augment = imageAugmentation({ flip });
      const many = arange(32 * 12)
        .cast("float32")
        .reshape([32, 3, 4, 1]);
      const key = randomKey(11);
      const once = augment(many, key);
      expect(await values(augment(once, key))).toEqual(await values(many));
      const [before, after] = [await values(many), await values(once)];
      const same = Array.from(
        { length: 32 },
        (_, i) => before.slice(i * 12, i * 12 + 12).join() === after.slice(i * 12, i * 12 + 12).join(),
      );
      expect(same.includes(false)).toBe(true);
      expect(same.includes(true)).toBe(true);
    }
  });

  const strengths: [string, ImageAugmentationOptions][] = [
    ["shift", { shift: 0.2 }],
    ["flip", { flip: "both" }],
    ["rotate", { rotate: 20 }],
    ["zoom", { zoom: 0.2 }],
    ["noise", { noise: 0.1 }],
    ["all", { shift: [0.1, 0.2], flip: "horizontal", rotate: 20, zoom: 0.2, noise: 0.1, fill: 0.5 }],
  ];
  test.each(strengths)("%s: the same for a key, other for another, other for every image", async (_, options) => {
    const augment = imageAugmentation(options);
    const alike = images.slice([0, 1]).broadcastTo([8, 5, 4, 2]);
    const once = await values(augment(alike, randomKey(3)));
    expect(await values(augment(alike, randomKey(3)))).toEqual(once);
    expect(await values(augment(alike, randomKey(4)))).not.toEqual(once);
    const each = new Set(Array.from({ length: 8 }, (_, i) => once.slice(i * 40, i * 40 + 40).join()));
    expect(each.size).toBeGreaterThan(1);
  });

  test("one kind of change does not depend on another being on", async () => {
    const key = randomKey(5);
    const plain = await values(imageAugmentation({ shift: 0.2 })(images, key));
    const noisy = await values(imageAugmentation({ shift: 0.2, noise: 1e-4 })(images, key));
    expectClose(noisy, plain, 1e-3);
  });

  test("stays within its strengths: a shift moves the center of mass by at most its share", async () => {
    const dot = ones([64, 1, 1, 1]).pad([
      [0, 0],
      [10, 10],
      [10, 10],
      [0, 0],
    ]); // 21 x 21
    const out = await values(imageAugmentation({ shift: [0.2, 0] })(dot, randomKey(2)));
    const rows = Array.from({ length: 64 }, (_, n) => {
      let sum = 0;
      for (let i = 0; i < 441; i++) sum += (out[n * 441 + i] ?? 0) * Math.floor(i / 21);
      return sum - 10;
    });
    expect(Math.max(...rows.map(Math.abs))).toBeLessThanOrEqual(0.2 * 21 + 1e-3);
    expect(Math.max(...rows)).toBeGreaterThan(2);
    expect(Math.min(...rows)).toBeLessThan(-2);
    const total = out.reduce((sum, value) => sum + value, 0);
    expect(total).toBeCloseTo(64, 2);
  });

  test("noise has the given standard deviation", async () => {
    const noise = await values(imageAugmentation({ noise: 0.5 })(ones([8, 16, 16, 1]), randomKey(9)));
    const mean = noise.reduce((sum, v) => sum + v, 0) / noise.length;
    const std = Math.sqrt(noise.reduce((sum, v) => sum + (v - mean) ** 2, 0) / noise.length);
    expect(mean).toBeCloseTo(1, 1);
    expect(std).toBeCloseTo(0.5, 1);
  });

  test("fills what comes in from outside", async () => {
    const filled = await values(
      imageAugmentation({ shift: 0.5, rotate: 30, fill: 1 })(ones([4, 6, 6, 1]), randomKey(1)),
    );
    for (const value of filled) expect(value).toBeCloseTo(1, 5);
  });

  test("without a key uses its seed", async () => {
    const options = { shift: 0.2, rotate: 10 };
    const seeded = await values(imageAugmentation({ ...options, seed: 8 })(images));
    expect(seeded).toEqual(await values(imageAugmentation(options)(images, randomKey(8))));
  });

  test.each<[string, ImageAugmentationOptions, RegExp]>([
    ["negative strengths", { rotate: -5 }, /rotate is -5. Expected a number from 0 to 180/],
    ["a zoom to nothing", { zoom: 1 }, /zoom is 1/],
    ["negative noise", { noise: -1 }, /noise is -1. Expected a number from 0\./],
    ["a shift in pixels", { shift: [2, 0] }, /shift is 2/],
    ["other flips", { flip: "diagonal" as never }, /flip is "diagonal"/],
    ["NaN", { fill: Number.NaN }, /fill is NaN/],
    ["unknown options", { rotation: 3 } as never, /"rotation".*did you mean "rotate"/],
  ])("refuses %s", (_, options, message) => {
    expect(() => imageAugmentation(options)).toThrow(message);
  });
});

/** What a training step would do. */
const augment = imageAugmentation({ shift: 0.1, rotate: 15, zoom: 0.2, flip: "horizontal", noise: 0.05, fill: -0.5 });
const given = randomKey(1).uniform([6, 9, 7, 2]);

await forEachEngine((engine) => {
  test(`compiled, gives the same images on ${engine}`, async () => {
    const { out } = await runOn(engine, { given }, (inputs) => ({ out: augment(inputs.given, randomKey(21)) }));
    expectClose(out.data, await values(augment(given, randomKey(21))), 2e-5);
  });

  test(`compiled, draws anew from a key that the program receives, on ${engine}`, async () => {
    const draw = async (step: number) => {
      const words = tensor(Uint32Array.of(21, 0));
      const counter = tensor(Uint32Array.of(step));
      const { out } = await runOn(engine, { given, words, counter }, (inputs) => ({
        out: augment(inputs.given, RandomKey.fromTensor(inputs.words).fold(inputs.counter)),
      }));
      return [...out.data];
    };
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(2)).not.toEqual(await draw(1));
    expectClose(await draw(2), await values(augment(given, randomKey(21).fold(2))), 2e-5);
  });
});
