import { expect } from "vitest";
import type { Tensor } from "../../src/tensor/index.ts";

/** Numbers in row-major order; null and NaN are both missing. */
export function flat(x: readonly (readonly (number | null)[])[]): number[] {
  return x.flat().map((value) => value ?? Number.NaN);
}

/** Expects values that agree within `tolerance` of the larger of 1 and their size; missing ones must be missing in both. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] as number, expected[i] as number];
    if (Number.isNaN(a) && Number.isNaN(e)) continue;
    const off = Math.abs(a - e) / Math.max(1, Math.abs(e));
    if (!(off <= tolerance)) expect.fail(`element ${i} is ${a} instead of ${e}`);
  }
}

export async function expectTensor(
  actual: Tensor,
  expected: readonly (readonly (number | null)[])[],
  tolerance = 1e-5,
) {
  expect(actual.shape).toEqual([expected.length, expected[0]?.length ?? 0]);
  expectClose(await actual.data(), flat(expected), tolerance);
}
