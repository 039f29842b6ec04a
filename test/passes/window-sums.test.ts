import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/engines/reference/index.ts";
import { type Node, ops, topologicalOrder, verify } from "../../src/ir/index.ts";
import { optimize, windowSums } from "../../src/passes/index.ts";
import { HostRandom, product } from "../../src/util/index.ts";

const f32 = (name: string, shape: readonly number[]) => ops.placeholder(name, shape, "float32");
const isProduct = (roots: readonly Node[]) => topologicalOrder(roots).some(({ op }) => op.family === "contraction");

interface Case {
  readonly x: readonly number[];
  /** [..k, C / groups, F] */
  readonly w: readonly number[];
  readonly geometry: ops.ConvGeometry;
}

const CASES: Record<string, Case> = {
  "same padding": {
    x: [2, 6, 5, 8],
    w: [3, 3, 1, 8],
    geometry: {
      strides: [1, 1],
      dilation: [1, 1],
      padding: [
        [1, 1],
        [1, 1],
      ],
      groups: 8,
    },
  },
  "strides, dilation, padding of one side": {
    x: [2, 9, 8, 9],
    w: [3, 2, 1, 9],
    geometry: {
      strides: [2, 1],
      dilation: [1, 3],
      padding: [
        [0, 2],
        [1, 0],
      ],
      groups: 9,
    },
  },
  "dilation, uneven sizes and padding": {
    x: [2, 7, 6, 8],
    w: [2, 3, 1, 8],
    geometry: {
      strides: [1, 1],
      dilation: [3, 2],
      padding: [
        [2, 1],
        [0, 3],
      ],
      groups: 8,
    },
  },
  "windows side by side, with a rest": {
    x: [3, 11, 8],
    w: [4, 1, 8],
    geometry: { strides: [4], dilation: [1], padding: [[0, 0]], groups: 8 },
  },
};

/** The convolution, and its gradients. */
function convolutions({ x, w, geometry }: Case) {
  const [image, kernel] = [f32("x", x), f32("w", w)];
  const result = ops.conv(image, kernel, geometry);
  const slopes = f32("y", result.shape);
  const random = new HostRandom(5);
  const given = new Map(
    [image, kernel, slopes].map((node) => [
      node,
      Float64Array.from({ length: product(node.shape) }, () => Math.round(16 * random.uniform()) - 8), // sums are exact
    ]),
  );
  const input = ops.convInput(slopes, kernel, x, geometry);
  return { result, input, weight: ops.convWeight(image, slopes, w, geometry), given };
}

/** Zeros of one sign. */
const unsigned = (values: readonly Float64Array[]) => values.map((each) => each.map((value) => value + 0));

describe("convolutions with a group per channel", () => {
  it.each(Object.entries(CASES))("are sums of products of windows: %s", (_, each) => {
    const { result, input, weight, given } = convolutions(each);
    const roots = each.geometry.strides.every((stride) => stride === 1) ? [result, input, weight] : [result, weight];
    for (const after of [windowSums(roots), optimize(roots, [], undefined, windowSums)]) {
      verify(after);
      expect(isProduct(after)).toBe(false);
      expect(unsigned(evaluate(after, given))).toEqual(unsigned(evaluate(roots, given)));
    }
  });

  it("stay products where channels fill no vector, or a group has several", () => {
    const { geometry } = CASES["same padding"]!;
    const few = convolutions({ x: [2, 6, 5, 4], w: [3, 3, 1, 4], geometry: { ...geometry, groups: 4 } });
    const wide = convolutions({ x: [2, 6, 5, 16], w: [3, 3, 2, 8], geometry });
    const several = convolutions({ x: [2, 6, 5, 8], w: [3, 3, 1, 16], geometry });
    for (const { result, input, weight } of [few, wide, several]) {
      expect(windowSums([result, input, weight])).toEqual([result, input, weight]);
    }
  });

  it("keep the input gradient a product where windows skip elements, or the padding is wider than they are", () => {
    const { geometry } = CASES["same padding"]!;
    const skipping = convolutions(CASES["strides, dilation, padding of one side"]!);
    const sides = [4, 0] as const;
    const wide = convolutions({ x: [2, 6, 5, 8], w: [3, 3, 1, 8], geometry: { ...geometry, padding: [sides, sides] } });
    for (const { input } of [skipping, wide]) expect(windowSums([input])).toEqual([input]);
  });
});
