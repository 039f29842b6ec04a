import { type ContractionKernel, coefficientOf, type Loop } from "../../passes/index.ts";

/**
 * The same contraction with vectors along its columns: the first store is contiguous along the last loop of the columns if it is
 * along any loop, and the other loops of the columns are counted with the batch.
 */
export function normalize(kernel: ContractionKernel): ContractionKernel {
  const { a, b, rows } = kernel;
  const turned = storesAlongRows(kernel) ? { ...kernel, a: b, b: a, rows: kernel.columns, columns: rows } : kernel;
  const columns = [...turned.columns].sort((left, right) => contiguity(turned, left) - contiguity(turned, right));
  return { ...turned, batch: [...turned.batch, ...columns.slice(0, -1)], columns: columns.slice(-1) };
}

/** 1 for a loop along which the result is contiguous. */
function contiguity({ stores }: ContractionKernel, { id, size }: Loop): number {
  const index = stores[0]?.access.index;
  return index && size > 1 && coefficientOf(index, id) === 1 ? 1 : 0;
}

function storesAlongRows(kernel: ContractionKernel): boolean {
  const along = (loops: readonly Loop[]) => loops.some((loop) => contiguity(kernel, loop) === 1);
  return along(kernel.rows) && !along(kernel.columns);
}
