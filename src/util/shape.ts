/** Sizes of a tensor's axes, outermost first. */
export type Shape = readonly number[];

/** Number of elements of a shape; 1 for a scalar's []. */
export function product(shape: Shape): number {
  let size = 1;
  for (const axis of shape) size *= axis;
  return size;
}

/** True when both shapes have the same rank and sizes. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** "[2, 3]". */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Strides, in elements, of a contiguous row-major array. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}
