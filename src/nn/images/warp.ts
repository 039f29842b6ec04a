import { arange, type Tensor } from "../../tensor/index.ts";
import { type Sampling, sampleImages } from "./sample.ts";

/** A number per image [N, 1, 1], or one for all. */
export type PerImage = Tensor | number;

/**
 * Where each output pixel is read: in = A out + b, rows and columns measured in pixels from the image's center; with a third row,
 * `perspective`, divided by 1 + perspective . out.
 */
export interface WarpMap {
  readonly rowFromRow: PerImage;
  readonly rowFromColumn: PerImage;
  readonly rowOffset: PerImage;
  readonly columnFromRow: PerImage;
  readonly columnFromColumn: PerImage;
  readonly columnOffset: PerImage;
  readonly perspective?: readonly [row: PerImage, column: PerImage];
}

/** The map that leaves images as they are. */
export const IDENTITY: WarpMap = {
  rowFromRow: 1,
  rowFromColumn: 0,
  rowOffset: 0,
  columnFromRow: 0,
  columnFromColumn: 1,
  columnOffset: 0,
};

/**
 * Moves, turns, scales, shears and tilts images, each by its own map.
 *
 * @param images float32 [N, H, W, C].
 */
export function warp(images: Tensor, map: WarpMap, sampling: Sampling): Tensor {
  const [, height = 1, width = 1] = images.shape;
  const [middle, center] = [(height - 1) / 2, (width - 1) / 2];
  const r = arange(height).cast("float32").sub(middle).reshape([1, height, 1]);
  const c = arange(width).cast("float32").sub(center).reshape([1, 1, width]);
  const linear = (fromRow: PerImage, fromColumn: PerImage, offset: PerImage) =>
    r.mul(fromRow).add(c.mul(fromColumn)).add(offset); // (N, H, W)
  let row = linear(map.rowFromRow, map.rowFromColumn, map.rowOffset);
  let column = linear(map.columnFromRow, map.columnFromColumn, map.columnOffset);
  if (map.perspective) {
    const depth = linear(...map.perspective, 1);
    row = row.div(depth);
    column = column.div(depth);
  }
  return sampleImages(images, row.add(middle), column.add(center), sampling);
}

/** What a warp is made of, each a number per image [N, 1, 1] or one for all. */
export interface WarpParts {
  /** Radians counter-clockwise. */
  readonly angle?: PerImage;
  /** What distances in the output are multiplied by to find them in the input: above 1 the image shrinks. */
  readonly zoom?: readonly [rows: PerImage, columns: PerImage];
  /** Pixels that a row moves sideways per pixel of height, and that a column moves down per pixel of width. */
  readonly shear?: readonly [x: PerImage, y: PerImage];
  /** Pixels down and to the right. */
  readonly shift?: readonly [down: PerImage, right: PerImage];
}

/** in = zoom (shear (rotation out)) - shift, about the image's center. */
export function warpMap({ angle, zoom, shear, shift }: WarpParts): WarpMap {
  let { rowFromRow, rowFromColumn, columnFromRow, columnFromColumn, rowOffset, columnOffset } = IDENTITY;
  if (angle !== undefined) {
    const [cos, sin] = typeof angle === "number" ? [Math.cos(angle), Math.sin(angle)] : [angle.cos(), angle.sin()];
    [rowFromRow, rowFromColumn] = [cos, sin];
    [columnFromRow, columnFromColumn] = [times(sin, -1), cos];
  }
  if (shear) {
    const [x, y] = shear;
    const [fromRow, fromColumn] = [rowFromRow, rowFromColumn];
    rowFromRow = plus(rowFromRow, times(columnFromRow, y));
    rowFromColumn = plus(rowFromColumn, times(columnFromColumn, y));
    columnFromRow = plus(columnFromRow, times(fromRow, x));
    columnFromColumn = plus(columnFromColumn, times(fromColumn, x));
  }
  if (zoom) {
    const [rows, columns] = zoom;
    [rowFromRow, rowFromColumn] = [times(rowFromRow, rows), times(rowFromColumn, rows)];
    [columnFromRow, columnFromColumn] = [times(columnFromRow, columns), times(columnFromColumn, columns)];
  }
  if (shift) [rowOffset, columnOffset] = [times(shift[0], -1), times(shift[1], -1)];
  return { rowFromRow, rowFromColumn, rowOffset, columnFromRow, columnFromColumn, columnOffset };
}

function times(a: PerImage, b: PerImage): PerImage {
  if (typeof a === "number") return typeof b === "number" ? a * b : b.mul(a);
  return a.mul(b);
}

function plus(a: PerImage, b: PerImage): PerImage {
  if (typeof a === "number") return typeof b === "number" ? a + b : b.add(a);
  return a.add(b);
}

/**
 * The map by which an output of the size [height, width] shows the input inside of four points: the output's corners, clockwise from the
 * upper left, are read at `corners`, in pixels from the center (Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989).
 */
export function perspectiveMap(
  [height, width]: readonly [number, number],
  corners: readonly (readonly [row: Tensor, column: Tensor])[],
): WarpMap {
  const [r, c] = [0, 1].map((part) => corners.map((corner) => corner[part] as Tensor)) as [Tensor[], Tensor[]];
  const at = (list: Tensor[], i: number) => list[i] as Tensor;
  const closing = (list: Tensor[]) => at(list, 0).sub(at(list, 1)).add(at(list, 2)).sub(at(list, 3));
  // The unit square (u along the width, v along the height) to the four points.
  const [dr1, dr2, dc1, dc2] = [
    at(r, 1).sub(at(r, 2)),
    at(r, 3).sub(at(r, 2)),
    at(c, 1).sub(at(c, 2)),
    at(c, 3).sub(at(c, 2)),
  ];
  const [sr, sc] = [closing(r), closing(c)];
  const area = dc1.mul(dr2).sub(dc2.mul(dr1));
  const g = sc.mul(dr2).sub(dc2.mul(sr)).div(area); // of u
  const h = dc1.mul(sr).sub(sc.mul(dr1)).div(area); // of v
  const edge = (list: Tensor[]) => ({
    u: at(list, 1)
      .sub(at(list, 0))
      .add(g.mul(at(list, 1))),
    v: at(list, 3)
      .sub(at(list, 0))
      .add(h.mul(at(list, 3))),
    one: at(list, 0),
  });
  // u = 1/2 + column / (width - 1), v likewise: numbers of the output's center and slopes per pixel, then divided by the depth there.
  const [du, dv] = [1 / Math.max(1, width - 1), 1 / Math.max(1, height - 1)];
  const depth = g.add(h).mul(0.5).add(1);
  const centered = ({ u, v, one }: { u: Tensor; v: Tensor; one: Tensor }) =>
    [v.mul(dv).div(depth), u.mul(du).div(depth), u.add(v).mul(0.5).add(one).div(depth)] as const;
  const [rowFromRow, rowFromColumn, rowOffset] = centered(edge(r));
  const [columnFromRow, columnFromColumn, columnOffset] = centered(edge(c));
  const perspective = [h.mul(dv).div(depth), g.mul(du).div(depth)] as const;
  return { rowFromRow, rowFromColumn, rowOffset, columnFromRow, columnFromColumn, columnOffset, perspective };
}
