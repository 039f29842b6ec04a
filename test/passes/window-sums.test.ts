import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/engines/reference/index.ts";
import { type Node, ops, topologicalOrder, verify } from "../../src/ir/index.ts";
import { optimize, windowSums } from "../../src/passes/index.ts";
import { HostRandom, product } from "../../src/util/index.ts";

const f32 = (name: string, shape: readonly number[]) => ops.placeholder(name, shape, "float32");
const isProduct = (roots: readonly Node[]) => topologicalOrder(roots).some(({ op }) => op.name === "convWeight");

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
  "windows side by side, with a rest": {
    x: [3, 11, 8],
    w: [4, 1, 8],
    geometry: { strides: [4], dilation: [1], padding: [[0, 0]], groups: 8 },
  },
};

function gradientOf({ x, w, geometry }: Case) {
  const [image, kernel] = [f32("x", x), f32("w", w)];
  const slopes = f32("y", ops.conv(image, kernel, geometry).shape);
  const random = new HostRandom(5);
  const given = new Map(
    [image, slopes].map((node) => [
      node,
      Float64Array.from({ length: product(node.shape) }, () => Math.round(16 * random.uniform()) - 8), // sums are exact
    ]),
  );
  return { roots: [ops.convWeight(image, slopes, w, geometry)], given };
}

describe("the weight gradient of a convolution with a group per channel", () => {
  it.each(Object.entries(CASES))("is a sum of products of windows: %s", (_, each) => {
    const { roots, given } = gradientOf(each);
    for (const after of [windowSums(roots), optimize(roots)]) {
      verify(after);
      expect(isProduct(after)).toBe(false);
      expect(evaluate(after, given)).toEqual(evaluate(roots, given));
    }
  });

  it("stays a product where channels fill no vector, or a group has several", () => {
    const { geometry } = CASES["same padding"]!;
    const few = gradientOf({ x: [2, 6, 5, 4], w: [3, 3, 1, 4], geometry: { ...geometry, groups: 4 } });
    const wide = gradientOf({ x: [2, 6, 5, 16], w: [3, 3, 2, 8], geometry });
    const several = gradientOf({ x: [2, 6, 5, 8], w: [3, 3, 1, 16], geometry });
    for (const { roots } of [few, wide, several]) expect(windowSums(roots)).toEqual(roots);
  });
});
