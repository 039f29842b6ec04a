import { describe, expect, test } from "vitest";
import { createLayer, layers, Network } from "../../src/nn/index.ts";
import { arange, ones, type RandomKey, randomKey, type Tensor, tensor, zeros } from "../../src/tensor/index.ts";

/** Images [n, size, size, 1] whose every pixel is its number. */
function numbered(n: number, size: number): Tensor {
  return arange(size * size)
    .cast("float32")
    .reshape([1, size, size, 1])
    .broadcastTo([n, size, size, 1]);
}

async function changed(
  kind: string,
  options: Record<string, unknown>,
  x: Tensor,
  key: RandomKey | undefined = randomKey(1),
  training = true,
): Promise<Float32Array> {
  const input = layers.input({ shape: x.shape.slice(1) });
  const network = new Network({ inputs: [input], outputs: [createLayer(kind, options)(input)] });
  const { outputs } = network.forward([x], zeros([1]), undefined, key ? { training, key } : { training });
  return (await outputs[0]?.data()) as Float32Array;
}

/** The first value of each image. */
function firsts(values: Float32Array, n: number): number[] {
  const size = values.length / n;
  return Array.from({ length: n }, (_, i) => values[i * size] as number);
}

/** Mean and standard deviation of independent draws; five standard errors away is one chance in a million. */
function expectUniform(values: readonly number[], low: number, high: number): void {
  const n = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
  const wanted = (high - low) ** 2 / 12;
  expect(Math.abs(mean - (low + high) / 2)).toBeLessThan(5 * Math.sqrt(wanted / n));
  expect(Math.abs(variance - wanted)).toBeLessThan(5 * wanted * Math.sqrt(0.8 / n)); // kurtosis 9/5
  expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
  expect(Math.max(...values)).toBeLessThanOrEqual(high);
}

describe("what images draw", () => {
  const n = 4000;

  test("flips half of them along each axis, independently", async () => {
    const values = firsts(await changed("randomFlip", {}, numbered(n, 2)), n); // upper left: 0, 1, 2 or 3
    for (const corner of [0, 1, 2, 3]) {
      const share = values.filter((value) => value === corner).length / n;
      expect(Math.abs(share - 0.25)).toBeLessThan(5 * Math.sqrt(0.1875 / n));
    }
  });

  test("crops at every place alike", async () => {
    const values = firsts(await changed("randomCrop", { height: 3, width: 3 }, numbered(n, 5)), n);
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 3; column++) {
        const share = values.filter((value) => value === 5 * row + column).length / n;
        expect(Math.abs(share - 1 / 9)).toBeLessThan(5 * Math.sqrt(8 / 81 / n));
      }
    }
  });

  test("brightness and zoom are uniform in their ranges", async () => {
    const gray = ones([n, 1, 1, 1]).mul(0.5);
    const bright = await changed("randomBrightness", { factor: [-0.25, 0.5], valueRange: [0, 1] }, gray);
    expectUniform(
      [...bright].map((value) => value - 0.5),
      -0.25,
      0.5,
    );
    // The image is its own coordinate, from the center: the pixel at -1 is read at -zoom.
    const line = tensor([-2, -1, 0, 1, 2]).reshape([1, 1, 5, 1]).broadcastTo([n, 1, 5, 1]);
    const zoomed = await changed("randomZoom", { heightFactor: 0.5 }, line);
    const second = Array.from({ length: n }, (_, i) => -(zoomed[5 * i + 1] as number));
    expectUniform(second, 0.5, 1.5);
  });

  test("erases a rectangle of the mean area, where it should", async () => {
    const size = 16;
    const options = { factor: 1, scale: [0.25, 0.25], fillValue: -1 };
    const values = await changed("randomErasing", options, numbered(500, size));
    const erased = Array.from({ length: 500 }, (_, i) =>
      values.subarray(i * 256, (i + 1) * 256).filter((v) => v === -1),
    );
    expect(new Set(erased.map(({ length }) => length))).toEqual(new Set([64])); // half of each axis
    const middle = Array.from({ length: 500 }, (_, i) => values[i * 256 + 8 * size + 8] === -1).filter(Boolean).length;
    expect(middle / 500).toBeGreaterThan(0.8); // it covers the middle but at the ends of its range
  });
});

describe("every random layer", () => {
  const cases: readonly [string, Record<string, unknown>][] = [
    ["randomFlip", {}],
    ["randomCrop", { height: 3, width: 3 }],
    ["randomAffine", { rotation: 0.1, translation: 0.2 }],
    ["randomBrightness", { factor: 0.5, valueRange: [0, 16] }],
    ["randomErasing", { fillValue: 0, scale: [0.1, 0.5] }],
    ["randAugment", { factor: [0.5, 1], valueRange: [0, 16] }],
    ["augMix", { valueRange: [0, 16] }],
  ];
  test.each(cases)("%s %j: the same for a key, other for another and for other images", async (kind, options) => {
    const x = numbered(16, 4);
    const once = await changed(kind, options, x);
    expect(await changed(kind, options, x)).toEqual(once);
    expect(await changed(kind, options, x, randomKey(2))).not.toEqual(once);
    const size = once.length / 16;
    const different = new Set(Array.from({ length: 16 }, (_, i) => once.subarray(i * size, (i + 1) * size).join()));
    expect(different.size).toBeGreaterThan(2);
  });

  test("asks for nothing and does nothing outside of training", async () => {
    const x = numbered(2, 4);
    for (const [kind, options] of cases.filter(([kind]) => kind !== "randomCrop")) {
      expect(await changed(kind, options, x, undefined, false)).toEqual(await x.data());
    }
    const middle = await changed("randomCrop", { height: 2, width: 2 }, x, undefined, false);
    expect([...middle.subarray(0, 4)]).toEqual([5, 6, 9, 10]);
  });
});

describe("wrong options are refused, with what is right", () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ["randomFlip", { mode: "sideways" }, /mode = "sideways".*"horizontal" or "vertical" or "horizontalAndVertical"/],
    ["randomRotation", { factor: 90 }, /randomRotation got factor = 90.*from -1 to 1/],
    ["randomRotation", { factor: 0.1, fillMode: "mirror" }, /fillMode = "mirror".*"reflect" or "wrap"/],
    ["randomBrightness", { factor: [0.5, 0.2] }, /factor = \[0.5,0.2\].*a range \[low, high\], from -1 to 1/],
    ["randomContrast", { factor: 0.1, valueRange: [1, 0] }, /valueRange = \[1,0\].*\[0, 255\] or \[0, 1\]/],
    ["randomPosterization", { bits: 2.5 }, /bits = 2.5.*whole numbers/],
    ["randomGaussianBlur", { kernelSize: 4 }, /kernelSize = 4.*odd/],
    ["randomErasing", { factor: 2 }, /factor = 2.*from 0 to 1/],
    ["randomCrop", { height: 3, width: 3, padding: -1 }, /padding = -1.*0 or more/],
    ["randAugment", { numOps: 0 }, /numOps = 0/],
    ["augMix", { alpha: 0 }, /alpha = 0.*0.01/],
    ["randomHue", { factor: 0.1, values: [0, 1] }, /randomHue.*values.*valueRange/],
  ])("%s %j", (kind, options, message) => {
    expect(() => createLayer(kind, options)).toThrow(message);
  });

  test("colors need three channels, images two axes", () => {
    expect(() => layers.randomHue(0.1)(layers.input({ shape: [4, 4, 1] }))).toThrow(/images of 1 channels.*3 channels/);
    expect(() => layers.randomFlip()(layers.input({ shape: [4] }))).toThrow(/received samples of shape \[4\].*images/);
  });
});
