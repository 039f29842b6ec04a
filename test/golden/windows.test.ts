import { describe, test } from "vitest";
import { createLayer } from "../../src/nn/index.ts";
import { type Tensor, tensor } from "../../src/tensor/index.ts";
import { layerCase } from "../../src/testing/index.ts";
import { randomTensor } from "../../src/testing/layer-case.ts";
import { HostRandom, product, rowMajorStrides } from "../../src/util/index.ts";
import fc from "../tools/properties.ts";

/** A window that slides over an image; a sequence is an image of height 1. */
interface Sliding {
  readonly image: [height: number, width: number];
  readonly size: [number, number];
  readonly strides: [number, number];
  readonly dilation: [number, number];
  readonly padding: "valid" | "same" | "causal";
}

/** Of each place of the output, the pixels [row, column, place in the window] under the window: the definition, in loops. */
function* slide({ image, size, strides, dilation, padding }: Sliding): Generator<[number, number, number][]> {
  const [rows, columns] = [0, 1].map((axis) => {
    const [length, stride] = [image[axis]!, strides[axis]!];
    const reach = (size[axis]! - 1) * dilation[axis]! + 1;
    const count = padding === "valid" ? Math.floor((length - reach) / stride) + 1 : Math.ceil(length / stride);
    const missing = padding === "valid" ? 0 : Math.max(0, (count - 1) * stride + reach - length);
    const before = padding === "causal" ? reach - 1 : Math.floor(missing / 2);
    return Array.from({ length: count }, (_, i) => i * stride - before);
  });
  for (const top of rows!) {
    for (const left of columns!) {
      const under: [number, number, number][] = [];
      for (let place = 0; place < size[0] * size[1]; place++) {
        const row = top + Math.floor(place / size[1]) * dilation[0];
        const column = left + (place % size[1]) * dilation[1];
        if (row >= 0 && row < image[0] && column >= 0 && column < image[1]) under.push([row, column, place]);
      }
      yield under;
    }
  }
}

/** What a layer gives, from the numbers under its window at each place: one list of channels per place. */
async function expectedOutput(
  x: Tensor,
  sliding: Sliding,
  channels: number,
  at: (pixels: [number, number][], sample: Reader) => number[],
) {
  const data = await x.data();
  const [, width] = sliding.image;
  const pixels = product(sliding.image);
  const output: number[] = [];
  for (let n = 0; n < x.shape[0]!; n++) {
    const read: Reader = (pixel, channel) => data[(n * pixels + pixel) * channels + channel]!;
    for (const under of slide(sliding)) {
      output.push(
        ...at(
          under.map(([row, column, place]) => [row * width + column, place]),
          read,
        ),
      );
    }
  }
  return output;
}

type Reader = (pixel: number, channel: number) => number;

const small = fc.integer({ min: 1, max: 3 });
const sliding = fc
  .record({
    flat: fc.boolean(),
    image: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 7 })),
    size: fc.tuple(small, small),
    strides: fc.tuple(small, small),
    dilation: fc.tuple(small, small),
    padding: fc.constantFrom("valid" as const, "same" as const, "causal" as const),
  })
  .map(({ flat, ...window }) => ({ ...window, flat: flat || window.padding === "causal" }))
  .map(({ flat, ...window }): Sliding & { flat: boolean } =>
    flat
      ? { ...window, flat, image: [1, window.image[1]], size: [1, window.size[1]], strides: [1, window.strides[1]] }
      : { ...window, flat },
  )
  .filter(({ padding, image, size, dilation }) => {
    return padding !== "valid" || [0, 1].every((axis) => (size[axis]! - 1) * dilation[axis]! < image[axis]!);
  });

/** Numbers from -1 to 1 in an order of chance, no two nearer than 1 / n: a difference quotient does not reach over the corner of a maximum. */
function apart(shape: readonly number[], seed: number): Tensor {
  const size = product(shape);
  const order = new HostRandom(seed).shuffle(Uint32Array.from({ length: size }, (_, i) => i));
  return tensor(
    Float32Array.from(order, (place) => (2 * place + 1) / size - 1),
    { shape },
  );
}

/** Options of the layer that slides so; lists for images, numbers for sequences. */
function perAxis(flat: boolean, values: readonly [number, number]): number | readonly number[] {
  return flat ? values[1] : values;
}

const settings = { numRuns: 40 };
const engines = ["reference"] as const; // the truth; other engines are compared with it elsewhere

describe("sliding windows by their definition, gradients by difference quotients", () => {
  test("convolution", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(sliding, small, small, small, async (window, groups, each, outEach) => {
        const [channels, filters] = [groups * each, groups * outEach];
        const { flat, image, size, padding } = window;
        const layer = createLayer(flat ? "conv1d" : "conv2d", {
          filters,
          kernelSize: perAxis(flat, size),
          strides: perAxis(flat, window.strides),
          dilationRate: perAxis(flat, window.dilation),
          padding,
          groups,
        });
        const x = randomTensor([2, ...(flat ? image.slice(1) : image), channels], 3);
        const kernel = randomTensor([...(flat ? size.slice(1) : size), each, filters], 4);
        const bias = randomTensor([filters], 5);
        const [k, b] = [await kernel.data(), await bias.data()];
        const [perPlace, perChannel] = rowMajorStrides([product(size), each, filters]) as [number, number];
        const output = await expectedOutput(x, window, channels, (pixels, read) =>
          Array.from({ length: filters }, (_, filter) => {
            const first = Math.floor(filter / outEach) * each;
            let sum = b[filter]!;
            for (const [pixel, place] of pixels) {
              for (let c = 0; c < each; c++)
                sum += read(pixel, first + c) * k[place * perPlace + c * perChannel + filter]!;
            }
            return sum;
          }),
        );
        await layerCase({ layer, inputs: [x], weights: { kernel, bias }, expected: { output }, engines, rtol: 1e-6 });
      }),
      settings,
    );
  });

  test.each(["max", "average"])("%s pooling", { timeout: 60_000 }, async (kind) => {
    await fc.assert(
      fc.asyncProperty(sliding, small, async ({ flat, ...window }, channels) => {
        const plain: Sliding = { ...window, dilation: [1, 1], padding: window.padding === "valid" ? "valid" : "same" };
        const layer = createLayer(`${kind}Pooling${flat ? 1 : 2}d`, {
          poolSize: perAxis(flat, plain.size),
          strides: perAxis(flat, plain.strides),
          padding: plain.padding,
        });
        const x = apart([2, ...(flat ? plain.image.slice(1) : plain.image), channels], 6);
        const output = await expectedOutput(x, plain, channels, (pixels, read) =>
          Array.from({ length: channels }, (_, channel) => {
            const values = pixels.map(([pixel]) => read(pixel, channel));
            return kind === "max" ? Math.max(...values) : values.reduce((a, b) => a + b, 0) / values.length;
          }),
        );
        await layerCase({ layer, inputs: [x], expected: { output }, engines, rtol: 1e-6 });
      }),
      settings,
    );
  });
});
