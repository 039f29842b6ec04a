import { concatenate, type Tensor } from "../../tensor/index.ts";
import { matmul } from "./dense.ts";

/** A kernel [..., rank] for each group of channels: [..., groups rank]. */
export function inEachGroup(kernel: Tensor, groups: number): Tensor {
  if (groups === 1) return kernel;
  return concatenate(
    Array.from({ length: groups }, () => kernel),
    { axis: -1 },
  );
}

/**
 * Channels in groups times the part of a matrix that belongs to each: x [..., groups m] and either [m, groups n], columns by group, or
 * [groups m, n], rows by group -> [..., groups n].
 */
export function groupedMatmul(x: Tensor, matrix: Tensor, groups: number): Tensor {
  if (groups === 1) return matmul(x, matrix);
  const size = (x.shape.at(-1) ?? 0) / groups;
  const byRows = matrix.shape[0] !== size;
  const count = (matrix.shape[1] ?? 0) / (byRows ? 1 : groups);
  const part = (i: number) =>
    byRows ? matrix.slice([i * size, (i + 1) * size]) : matrix.slice(null, [i * count, (i + 1) * count]);
  const axes = x.shape.slice(1).map(() => null);
  const of = (i: number) => x.slice(...axes, [i * size, (i + 1) * size]);
  return concatenate(
    Array.from({ length: groups }, (_, i) => matmul(of(i), part(i))),
    { axis: -1 },
  );
}
