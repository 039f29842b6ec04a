import { expect } from "vitest";
import type { Tensor } from "../../src/tensor/index.ts";
import { expectClose as expectNumbers } from "../../src/testing/index.ts";

/** Numbers in row-major order; null and NaN are both missing. */
export function flat(x: readonly (readonly (number | null)[])[]): number[] {
  return x.flat().map((value) => value ?? Number.NaN);
}

/** Expects values that agree within `tolerance`, absolute near zero and relative else; missing ones must be missing in both. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expectNumbers(actual, expected, { rtol: tolerance, atol: tolerance });
}

export async function expectTensor(
  actual: Tensor,
  expected: readonly (readonly (number | null)[])[],
  tolerance = 1e-5,
) {
  expect(actual.shape).toEqual([expected.length, expected[0]?.length ?? 0]);
  expectClose(await actual.data(), flat(expected), tolerance);
}
