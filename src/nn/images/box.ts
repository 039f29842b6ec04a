import { arange, type Tensor } from "../../tensor/index.ts";

/**
 * A rectangle in each image, of real borders: the share of each axis [N, 1, 1, 1] and where it lies in what remains, 0 to 1.
 *
 * @returns which pixels it covers, bool [N, H, W, 1].
 */
export function boxMask(
  [height, width]: readonly [number, number],
  share: readonly [rows: Tensor, columns: Tensor],
  place: readonly [row: Tensor, column: Tensor],
): Tensor {
  const along = (size: number, shape: readonly number[], length: Tensor, at: Tensor): Tensor => {
    const index = arange(size).cast("float32").reshape(shape);
    const start = at.mul(length.mul(-size).add(size)); // of the size - length that remains
    return index.greaterEqual(start).logicalAnd(index.less(start.add(length.mul(size))));
  };
  const rows = along(height, [1, height, 1, 1], share[0], place[0]);
  return rows.logicalAnd(along(width, [1, 1, width, 1], share[1], place[1]));
}
