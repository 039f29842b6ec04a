import { describe, expect, test } from "vitest";
import { expectClose } from "../../src/testing/close.ts";
import fc from "../tools/properties.ts";

describe("expectClose", () => {
  test("accepts what is within rtol or atol, as NumPy's assert_allclose", () => {
    expectClose(1.000009, 1);
    expectClose([1, [2, 3]].flat(), [1, 2, 3]);
    expectClose([1e-9], [0]);
    expectClose(new Float32Array([1, 2, 3, 4]), [
      [1, 2],
      [3, 4],
    ]);
    expectClose([true, false], [1, 0]);
    expectClose([Number.NaN, Number.POSITIVE_INFINITY, -0], [Number.NaN, Number.POSITIVE_INFINITY, 0]);
    expectClose([], []);
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 })), (values) => {
        expectClose(
          values.map((v) => v * (1 + 9e-6)),
          values,
        );
      }),
    );
  });

  test.each<[string, () => void, RegExp]>([
    [
      "a number too far away",
      () => expectClose([1, 1.1, 1.2], [1, 1, 1]),
      /element \[2\] is 1\.2 .*Expected 1 .*2 of 3 are not/,
    ],
    [
      "its place in a matrix",
      () =>
        expectClose(
          [
            [1, 2],
            [3, 5],
          ],
          [
            [1, 2],
            [3, 4],
          ],
        ),
      /element \[1, 1\] is 5/,
    ],
    ["a missing number", () => expectClose([1], [1, 2]), /of shape \[1\]\. Expected of shape \[2\]/],
    ["another shape", () => expectClose([[1, 2]], [1, 2]), /of shape \[1, 2\]/],
    ["not-a-number", () => expectClose([Number.NaN], [1]), /element \[0\] is NaN \(Infinity/],
    ["a number for not-a-number", () => expectClose([1], [Number.NaN]), /Expected NaN/],
    ["infinity", () => expectClose([Number.POSITIVE_INFINITY], [1e300], { rtol: 1e9 }), /is Infinity/],
    ["the other infinity", () => expectClose([Number.NEGATIVE_INFINITY], [Number.POSITIVE_INFINITY]), /-Infinity/],
    ["a ragged list", () => expectClose([[1, 2], [3]] as never, 1), /actual argument .*await tensor\.array/],
    ["something else", () => expectClose({} as never, 1), /no number/],
  ])("refuses %s", (_, run, message) => {
    expect(run).toThrow(message);
  });

  test("the tolerance is the caller's", () => {
    expectClose(1.1, 1, { rtol: 0.2 });
    expectClose(0.1, 0, { atol: 0.2 });
    expect(() => expectClose(1 + 1e-6, 1, { rtol: 0, atol: 0 })).toThrow();
  });
});
