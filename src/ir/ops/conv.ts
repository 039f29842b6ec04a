import { formatShape, product, rowMajorStrides, type Shape } from "../../util/index.ts";
import { type Attributes, apply, type ContractionOp, type Named, type Node, type TensorType } from "../op.ts";
import { operandsOf } from "../precision.ts";

/**
 * Convolution (cross-correlation, as everywhere in this field), channels last, of any number of spatial axes:
 *
 *   y[n, o.., f] = sum over k.., c of x[n, o * stride + k * dilation - low.., c] * w[k.., c, f]
 *
 * x [N, H.., C], w [K.., C / groups, F], y [N, O.., F]; group g of F sees group g of C. The relation is bilinear in (x, w) and linear
 * in y, so three ops close it under differentiation: each gives one of x, w, y from the other two.
 */
export interface ConvGeometry {
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  /** [before, after] per spatial axis, in elements of x. */
  readonly padding: readonly (readonly [number, number])[];
  readonly groups: number;
}

/** The geometry stored in a convolution's attributes. */
export function geometryOf(attributes: Attributes): ConvGeometry {
  return attributes as { [K in keyof ConvGeometry]: ConvGeometry[K] };
}

/** Number of positions of a window of `kernel` elements over `size` elements. */
export function windowCount(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: readonly [number, number],
): number {
  return Math.floor((size + padding[0] + padding[1] - (kernel - 1) * dilation - 1) / stride) + 1;
}

type Operand = "x" | "w" | "y";

/** Calls `visit` with the flat positions in x, w and y of every product of the sum. */
function forEachProduct(
  x: Shape,
  w: Shape,
  y: Shape,
  geometry: ConvGeometry,
  visit: (x: number, w: number, y: number) => void,
): void {
  const rank = x.length - 2;
  const [channels, filters] = w.slice(-2) as [number, number];
  const filtersPerGroup = filters / geometry.groups;
  const [sx, sw, sy] = [x, w, y].map(rowMajorStrides) as [number[], number[], number[]];
  const spatial = (axis: number, atX: number, atW: number, atY: number): void => {
    if (axis === rank) {
      for (let c = 0; c < channels; c++) {
        for (let f = 0; f < filters; f++) {
          visit(atX + Math.floor(f / filtersPerGroup) * channels + c, atW + c * filters + f, atY + f);
        }
      }
      return;
    }
    for (let o = 0; o < y[axis + 1]!; o++) {
      for (let k = 0; k < w[axis]!; k++) {
        const h = o * geometry.strides[axis]! + k * geometry.dilation[axis]! - geometry.padding[axis]![0];
        if (h < 0 || h >= x[axis + 1]!) continue;
        spatial(axis + 1, atX + h * sx[axis + 1]!, atW + k * sw[axis]!, atY + o * sy[axis + 1]!);
      }
    }
  };
  for (let n = 0; n < x[0]!; n++) spatial(0, n * sx[0]!, 0, n * sy[0]!);
}

function check(x: Shape, w: Shape, geometry: ConvGeometry): void {
  const rank = x.length - 2;
  const fits =
    rank >= 1 &&
    w.length === rank + 2 &&
    x[rank + 1] === w[rank]! * geometry.groups &&
    w[rank + 1]! % geometry.groups === 0 &&
    [geometry.strides, geometry.dilation, geometry.padding].every((each) => each.length === rank);
  if (!fits) throw new Error(`convolution of ${formatShape(x)} by ${formatShape(w)} in ${geometry.groups} groups`);
}

function outputShape(x: Shape, w: Shape, geometry: ConvGeometry): Shape {
  check(x, w, geometry);
  const { strides, dilation, padding } = geometry;
  const spatial = strides.map((stride, i) => windowCount(x[i + 1]!, w[i]!, stride, dilation[i]!, padding[i]!));
  if (spatial.some((size) => size < 1)) throw new Error(`a kernel of ${formatShape(w)} does not fit ${formatShape(x)}`);
  return [x[0]!, ...spatial, w.at(-1)!];
}

function convolution<const Kind extends "conv" | "convInput" | "convWeight">(
  kind: Kind,
  operands: readonly [Operand, Operand],
  result: Operand,
  spec: Pick<ContractionOp, "infer" | "gradient">,
): Named<ContractionOp, Kind> {
  const small = [
    sampleOf({ x: [2, 5, 5, 2], w: [3, 3, 2, 3] }, {}),
    sampleOf(
      { x: [1, 7, 6, 4], w: [3, 2, 2, 6] },
      {
        strides: [2, 1],
        dilation: [1, 2],
        groups: 2,
        padding: [
          [1, 2],
          [0, 1],
        ],
      },
    ),
    sampleOf(
      { x: [2, 5, 6, 8], w: [3, 2, 1, 8] },
      {
        dilation: [1, 2],
        groups: 8,
        padding: [
          [1, 1],
          [0, 2],
        ],
      },
    ),
    sampleOf({ x: [2, 9, 3], w: [4, 1, 3] }, { strides: [2], dilation: [1], groups: 3, padding: [[3, 0]] }),
    sampleOf(
      { x: [2, 8, 9, 16], w: [3, 3, 16, 20] },
      {
        padding: [
          [1, 1],
          [1, 1],
        ],
      },
      [-1, 1],
    ),
  ];
  /**
   * @param range of a kernel's gradient over many places: a sum of n products with deviation d each errs by about u d n / sqrt(6) in float32, u = 2^-24,
   * 5e-6 for n = 144 and numbers from -2 to 2; among 2,880 of them, some then err by more than 1e-5.
   */
  function sampleOf(
    shapes: { x: number[]; w: number[] },
    geometry: Partial<ConvGeometry>,
    range?: readonly [number, number],
  ) {
    const rank = shapes.x.length - 2;
    const ones = new Array<number>(rank).fill(1);
    const none = ones.map(() => [0, 0] as const);
    const full = { strides: ones, dilation: ones, padding: none, groups: 1, ...geometry };
    const all = { ...shapes, y: outputShape(shapes.x, shapes.w, full) };
    return {
      inputs: operands.map((name) => ({ shape: all[name], ...(range && { range }) })),
      attributes: { ...full, shape: all[result] },
    };
  }
  return {
    name: kind,
    family: "contraction",
    kind,
    ...spec,
    infer: (inputs, attributes) => {
      const types = inputs.map(({ dtype }) => dtype);
      if (types.some((dtype) => dtype !== "float32"))
        throw new Error(`convolution of ${types.join(" and ")}; it takes float32`);
      return spec.infer(inputs, attributes);
    },
    evaluate: (inputs, node) => {
      const out = new Float64Array(product(node.shape));
      const shapes = {
        [operands[0]]: node.inputs[0]!.shape,
        [operands[1]]: node.inputs[1]!.shape,
        [result]: node.shape,
      };
      const [first, second] = operandsOf(inputs, node);
      const arrays = { [operands[0]]: first!, [operands[1]]: second!, [result]: out } as Record<Operand, Float64Array>;
      forEachProduct(shapes.x!, shapes.w!, shapes.y!, geometryOf(node.attributes), (atX, atW, atY) => {
        if (result === "y") out[atY]! += arrays.x[atX]! * arrays.w[atW]!;
        else if (result === "x") out[atX]! += arrays.y[atY]! * arrays.w[atW]!;
        else out[atW]! += arrays.x[atX]! * arrays.y[atY]!;
      });
      return out;
    },
    samples: small,
  };
}

/** A shape given in the attributes, after a check that it fits the other two. */
function declaredShape(x: Shape, w: Shape, y: TensorType, attributes: Attributes, result: Shape): TensorType {
  const expected = outputShape(x, w, geometryOf(attributes));
  if (expected.join() !== y.shape.join()) {
    throw new Error(`${formatShape(y.shape)} is no convolution of ${formatShape(x)} by ${formatShape(w)}`);
  }
  return { shape: result, dtype: "float32" };
}

/** y from x and w. */
export const convOp = convolution("conv", ["x", "w"], "y", {
  infer: ([x, w], attributes) => ({ shape: outputShape(x!.shape, w!.shape, geometryOf(attributes)), dtype: "float32" }),
  gradient: ({ node, inputs: [x, w], grad }) => {
    const geometry = geometryOf(node.attributes);
    return [convInput(grad, w!, x!.shape, geometry), convWeight(x!, grad, w!.shape, geometry)];
  },
});

/** The gradient of `conv` with respect to x (a transposed convolution): x from y and w. */
export const convInputOp = convolution("convInput", ["y", "w"], "x", {
  infer: ([y, w], attributes) => {
    const x = attributes.shape as Shape;
    return declaredShape(x, w!.shape, y!, attributes, x);
  },
  gradient: ({ node, inputs: [y, w], grad }) => {
    const geometry = geometryOf(node.attributes);
    return [conv(grad, w!, geometry), convWeight(grad, y!, w!.shape, geometry)];
  },
});

/** The gradient of `conv` with respect to w: w from x and y. */
export const convWeightOp = convolution("convWeight", ["x", "y"], "w", {
  infer: ([x, y], attributes) => {
    const w = attributes.shape as Shape;
    return declaredShape(x!.shape, w, y!, attributes, w);
  },
  gradient: ({ node, inputs: [x, y], grad }) => {
    const geometry = geometryOf(node.attributes);
    return [convInput(y!, grad, x!.shape, geometry), conv(x!, grad, geometry)];
  },
});

export function conv(x: Node, w: Node, geometry: ConvGeometry): Node {
  const { strides, dilation, padding, groups } = geometry;
  return apply(convOp, [x, w], { strides, dilation, padding, groups });
}

export function convInput(y: Node, w: Node, shape: Shape, geometry: ConvGeometry): Node {
  const { strides, dilation, padding, groups } = geometry;
  return apply(convInputOp, [y, w], { strides, dilation, padding, groups, shape });
}

export function convWeight(x: Node, y: Node, shape: Shape, geometry: ConvGeometry): Node {
  const { strides, dilation, padding, groups } = geometry;
  return apply(convWeightOp, [x, y], { strides, dilation, padding, groups, shape });
}

export const CONV_OPS = [convOp, convInputOp, convWeightOp] as const;
