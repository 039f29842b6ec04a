import { type Tensor, tensor } from "../../tensor/index.ts";

/** How pixels of another size are made: kernels of 1, 2, 4, 6 and 10 pixels. */
export type ResizeInterpolation = "nearest" | "bilinear" | "bicubic" | "lanczos3" | "lanczos5";

/** Weight of a pixel by its distance in pixels, and the distance from which on it is 0. */
interface Kernel {
  readonly reach: number;
  readonly weight: (distance: number) => number;
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos = (reach: number): Kernel => ({ reach, weight: (d) => sinc(d) * sinc(d / reach) });

const KERNELS: Readonly<Record<Exclude<ResizeInterpolation, "nearest">, Kernel>> = {
  bilinear: { reach: 1, weight: (d) => 1 - d },
  // Keys (1981) with a = -1/2, as TensorFlow and JAX; PyTorch has -3/4 where it does not antialias.
  bicubic: { reach: 2, weight: (d) => (d < 1 ? (1.5 * d - 2.5) * d * d + 1 : ((-0.5 * d + 2.5) * d - 4) * d + 2) },
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
};

/** How an image is resized. */
export interface Resize {
  readonly interpolation: ResizeInterpolation;
  /** Widen the kernel where the image shrinks, so that no pixel is skipped. */
  readonly antialias: boolean;
}

/**
 * Images of another size, pixels being squares whose centers lie at half numbers. Each axis is one product with a matrix of weights.
 *
 * @param images float32 [N, H, W, C].
 * @returns [N, height, width, C].
 */
export function resizeImages(images: Tensor, [height, width]: readonly [number, number], how: Resize): Tensor {
  const [count = 1, rows = 1, columns = 1, channels = 1] = images.shape;
  let x = images;
  if (rows !== height) {
    x = matrixOf(rows, height, how)
      .matmul(x.reshape([count, rows, columns * channels]))
      .reshape([count, height, columns, channels]);
  }
  if (columns !== width) {
    x = x
      .transpose([0, 1, 3, 2])
      .reshape([count * height * channels, columns])
      .matmul(matrixOf(columns, width, how).T)
      .reshape([count, height, channels, width])
      .transpose([0, 1, 3, 2]);
  }
  return x;
}

/** The weights [out, in] of the old pixels in the new. */
function matrixOf(size: number, out: number, how: Resize): Tensor {
  const rows = resizeWeights(size, out, how);
  return tensor(Float32Array.from(rows.flat()), { shape: [out, size] });
}

/** The same as rows of numbers; each sums to 1: what lies outside of the image does not count. */
export function resizeWeights(size: number, out: number, { interpolation, antialias }: Resize): number[][] {
  const scale = size / out;
  return Array.from({ length: out }, (_, i) => {
    if (interpolation === "nearest") {
      const nearest = Math.min(size - 1, Math.floor((i + 0.5) * scale));
      return Array.from({ length: size }, (__, j) => (j === nearest ? 1 : 0));
    }
    const { reach, weight } = KERNELS[interpolation];
    const center = (i + 0.5) * scale - 0.5;
    const stretch = antialias ? Math.max(1, scale) : 1;
    const raw = Array.from({ length: size }, (__, j) => {
      const distance = Math.abs(j - center) / stretch;
      return distance < reach ? weight(distance) : 0;
    });
    const total = raw.reduce((sum, each) => sum + each, 0);
    return raw.map((each) => each / total);
  });
}

/** The part of an image [height, width] around its middle with the aspect ratio of `target`: [top, left, height, width] (Keras). */
export function middleOfRatio(
  [height, width]: readonly [number, number],
  [targetHeight, targetWidth]: readonly [number, number],
): readonly [top: number, left: number, height: number, width: number] {
  const rows = Math.max(1, Math.min(height, Math.trunc((width * targetHeight) / targetWidth)));
  const columns = Math.max(1, Math.min(width, Math.trunc((height * targetWidth) / targetHeight)));
  return [Math.trunc((height - rows) / 2), Math.trunc((width - columns) / 2), rows, columns];
}

/** That part, resized to `target`. */
export function fillImages(images: Tensor, target: readonly [number, number], how: Resize): Tensor {
  const [, height = 1, width = 1] = images.shape;
  const [top, left, rows, columns] = middleOfRatio([height, width], target);
  return resizeImages(images.slice(null, [top, top + rows], [left, left + columns]), target, how);
}

/** The middle of images that are large enough; others are resized so that they fill the target (Keras's CenterCrop). */
export function cropMiddle(images: Tensor, [height, width]: readonly [number, number]): Tensor {
  const [, rows = 1, columns = 1] = images.shape;
  if (rows < height || columns < width) {
    return fillImages(images, [height, width], { interpolation: "bilinear", antialias: false });
  }
  const [top, left] = [Math.trunc((rows - height) / 2), Math.trunc((columns - width) / 2)];
  return images.slice(null, [top, top + height], [left, left + width]);
}
