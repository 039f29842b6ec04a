import { arange, type Tensor } from "../../tensor/index.ts";
import { fail, formatShape } from "../../util/index.ts";

/**
 * Where each output pixel is read, per image: [row, column] in = A [row, column] out + b, both measured in pixels from the image's
 * center. Every entry has shape [N, 1, 1] or broadcasts to it.
 */
export interface AffineMap {
  rowFromRow: Tensor | number;
  rowFromColumn: Tensor | number;
  rowOffset: Tensor | number;
  columnFromRow: Tensor | number;
  columnFromColumn: Tensor | number;
  columnOffset: Tensor | number;
}

/**
 * Moves, turns and scales images: every output pixel is read from its place in the input, interpolated bilinearly between the four
 * pixels around it. Pixels outside the image read as 0.
 *
 * @param images [N, height, width, channels], float32.
 * @returns The same shape.
 * @example
 * const images = ones([2, 28, 28, 1]);
 * // Every image one pixel to the right: the output's column c shows the input's column c - 1.
 * const rows = { rowFromRow: 1, rowFromColumn: 0, rowOffset: 0 };
 * affineWarp(images, { ...rows, columnFromRow: 0, columnFromColumn: 1, columnOffset: -1 });
 */
export function affineWarp(images: Tensor, map: AffineMap): Tensor {
  const [count, height, width, channels] = imageShape(images, "affineWarp");
  const centerRow = (height - 1) / 2;
  const centerColumn = (width - 1) / 2;
  const r = arange(height).cast("float32").sub(centerRow).reshape([1, height, 1]); // (1, H, 1)
  const c = arange(width).cast("float32").sub(centerColumn).reshape([1, 1, width]); // (1, 1, W)
  const row = r.mul(map.rowFromRow).add(c.mul(map.rowFromColumn)).add(map.rowOffset).add(centerRow); // (N, H, W)
  const column = r.mul(map.columnFromRow).add(c.mul(map.columnFromColumn)).add(map.columnOffset).add(centerColumn);
  const top = row.floor();
  const left = column.floor();
  const down = row.sub(top); // share of the lower neighbour, 0 to 1
  const right = column.sub(left);
  const firstPixel = arange(count)
    .mul(height * width)
    .reshape([count, 1, 1]); // int32, (N, 1, 1)
  const pixels = images.reshape([count * height * width, channels]);

  /** The pixel at (y, x) times its weight; 0 outside the image. */
  const corner = (y: Tensor, x: Tensor, weight: Tensor): Tensor => {
    const inside = y.greaterEqual(0).logicalAnd(y.less(height)).logicalAnd(x.greaterEqual(0)).logicalAnd(x.less(width));
    const at = y
      .clip(0, height - 1)
      .mul(width)
      .add(x.clip(0, width - 1))
      .cast("int32");
    const share = weight.mul(inside.cast("float32")).broadcastTo([count, height, width]);
    return pixels
      .take(firstPixel.add(at).reshape([-1]))
      .reshape([count, height, width, channels])
      .mul(share.expandDims(-1));
  };
  const up = down.neg().add(1);
  const stay = right.neg().add(1);
  return corner(top, left, up.mul(stay))
    .add(corner(top, left.add(1), up.mul(right)))
    .add(corner(top.add(1), left, down.mul(stay)))
    .add(corner(top.add(1), left.add(1), down.mul(right)));
}

/** The four axes of a batch of images, or an error that says what was given. */
export function imageShape(images: Tensor, where: string): readonly [number, number, number, number] {
  const [count, height, width, channels] = images.shape;
  if (images.rank !== 4) {
    fail(
      `${where} was given shape ${formatShape(images.shape)}`,
      "images [N, height, width, channels]",
      "reshape them",
    );
  }
  if (images.dtype !== "float32") {
    fail(`${where} was given ${images.dtype} images`, "float32", 'images.cast("float32").div(255)');
  }
  return [count!, height!, width!, channels!];
}
