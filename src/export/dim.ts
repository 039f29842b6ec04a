import { invariant } from "../util/index.ts";

/** A size, or what else is counted, that grows with the batch: base + slope * batch. */
export interface Affine {
  readonly base: number;
  readonly slope: number;
}

/** The size of the batch. */
export const BATCH: Affine = { base: 0, slope: 1 };

/** A size of a shape: a number, or one that depends on the batch. */
export type Dim = number | Affine;

export function isAffine(value: unknown): value is Affine {
  return typeof value === "object" && value !== null && "slope" in value && "base" in value;
}

function parts(dim: Dim): Affine {
  return typeof dim === "number" ? { base: dim, slope: 0 } : dim;
}

/** a + b * factor. */
export function addDims(a: Dim, b: Dim, factor = 1): Dim {
  const [left, right] = [parts(a), parts(b)];
  const [base, slope] = [left.base + right.base * factor, left.slope + right.slope * factor];
  return slope === 0 ? base : { base, slope };
}

export function sameDim(a: Dim, b: Dim): boolean {
  return addDims(a, b, -1) === 0;
}

export function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => sameDim(dim, b[axis] as Dim));
}

/** The product of sizes of which at most one depends on the batch. */
export function dimProduct(dims: readonly Dim[]): Dim {
  return dims.reduce((total, dim) => {
    invariant(
      typeof total === "number" || typeof dim === "number",
      "two sizes that depend on the batch are multiplied",
    );
    const [factor, size] = typeof total === "number" ? [total, dim] : [dim as number, total];
    return typeof size === "number" ? factor * size : { base: factor * size.base, slope: factor * size.slope };
  }, 1);
}

/** Numbers only; undefined where one depends on the batch. */
export function fixedShape(dims: readonly Dim[]): readonly number[] | undefined {
  return dims.every((dim) => typeof dim === "number") ? (dims as readonly number[]) : undefined;
}
