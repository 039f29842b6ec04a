import { arange, type Tensor, where } from "../../tensor/index.ts";

/**
 * What lies outside of an image [a b c d]: "constant" k k | a b c d | k k, "reflect" b a | a b c d | d c,
 * "wrap" c d | a b c d | a b, "nearest" a a | a b c d | d d (SciPy's and Keras's words).
 */
export type FillMode = "constant" | "reflect" | "wrap" | "nearest";

/** "nearest": the closest pixel; "bilinear": weighted by the distance to the four around. */
export type Interpolation = "nearest" | "bilinear";

/** How images are read between and beside their pixels. */
export interface Sampling {
  readonly fillMode: FillMode;
  readonly fillValue: number;
  readonly interpolation: Interpolation;
}

/** A pixel's number along one axis, and whether the image has it. */
interface Found {
  readonly at: Tensor;
  /** undefined: always. */
  readonly inside: Tensor | undefined;
}

/**
 * Reads images at computed places: result[n, i, j] = images[n, row[n, i, j], column[n, i, j]], 0 being the first pixel's center.
 *
 * @param images float32 [N, H, W, C].
 * @param row float32, broadcasts to [N, i, j]; @param column likewise.
 * @returns [N, i, j, C].
 */
export function sampleImages(images: Tensor, row: Tensor, column: Tensor, sampling: Sampling): Tensor {
  const [count = 1, height = 1, width = 1, channels = 1] = images.shape;
  const { fillMode, fillValue, interpolation } = sampling;
  const [, rows = 1, columns = 1] = row.add(column).shape;
  const pixels = images.reshape([count * height * width, channels]);
  const first = arange(count)
    .mul(height * width)
    .reshape([count, 1, 1]); // int32 (N, 1, 1)

  const pixel = (y: Found, x: Found): Tensor => {
    const at = first.add(y.at.mul(width).add(x.at).cast("int32")).broadcastTo([count, rows, columns]);
    const value = pixels.take(at); // (N, i, j, C)
    if (!y.inside || !x.inside) return value;
    const inside = y.inside.logicalAnd(x.inside).broadcastTo([count, rows, columns]).expandDims(-1);
    return where(inside, value, fillValue);
  };
  const along = (place: Tensor, size: number) => find(place, size, fillMode);

  if (interpolation === "nearest")
    return pixel(along(row.add(0.5).floor(), height), along(column.add(0.5).floor(), width));
  const [top, left] = [row.floor(), column.floor()];
  const [down, right] = [row.sub(top).expandDims(-1), column.sub(left).expandDims(-1)]; // shares of the later neighbours
  const ys = [along(top, height), along(top.add(1), height)] as const;
  const xs = [along(left, width), along(left.add(1), width)] as const;
  const between = (a: Tensor, b: Tensor, share: Tensor) => a.add(b.sub(a).mul(share));
  const upper = between(pixel(ys[0], xs[0]), pixel(ys[0], xs[1]), right);
  const lower = between(pixel(ys[1], xs[0]), pixel(ys[1], xs[1]), right);
  return between(upper, lower, down);
}

/** The pixel that stands for a whole number along an axis of `size` pixels. */
function find(place: Tensor, size: number, fillMode: FillMode): Found {
  switch (fillMode) {
    case "constant":
      return { at: place.clip(0, size - 1), inside: place.greaterEqual(0).logicalAnd(place.less(size)) };
    case "nearest":
      return { at: place.clip(0, size - 1), inside: undefined };
    case "wrap":
      return { at: within(place, size), inside: undefined };
    case "reflect": {
      const there = within(place, 2 * size); // there and back again
      return { at: there.minimum(there.neg().add(2 * size - 1)), inside: undefined };
    }
  }
}

/** place mod size, from 0. */
function within(place: Tensor, size: number): Tensor {
  return place.sub(place.div(size).floor().mul(size));
}
