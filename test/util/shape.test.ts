import { expect, test } from "vitest";
import { formatShape, product, rowMajorStrides, sameShape } from "../../src/util/index.ts";
import fc from "../tools/properties.ts";

const shape = fc.array(fc.nat(7), { maxLength: 6 });

test("product multiplies, and a scalar has one element", () => {
  expect(product([])).toBe(1);
  expect(product([2, 3, 4])).toBe(24);
  expect(product([2, 0, 4])).toBe(0);
});

test("sameShape compares rank and sizes", () => {
  fc.assert(
    fc.property(shape, shape, (a, b) => {
      expect(sameShape(a, [...a])).toBe(true);
      expect(sameShape(a, b)).toBe(formatShape(a) === formatShape(b));
      expect(sameShape(a, [...a, 1])).toBe(false);
    }),
  );
});

test("row-major strides walk every element once, the last axis fastest", () => {
  expect(rowMajorStrides([2, 3, 4])).toEqual([12, 4, 1]);
  expect(rowMajorStrides([])).toEqual([]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 }), (sizes) => {
      const strides = rowMajorStrides(sizes);
      let offsets = [0];
      sizes.forEach((size, axis) => {
        offsets = offsets.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * (strides[axis] ?? 0)));
      });
      expect(offsets).toEqual(Array.from({ length: product(sizes) }, (_, i) => i));
    }),
  );
});
