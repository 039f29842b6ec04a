import { formatShape, product } from "../../util/index.ts";
import { apply, type Named, type Node, type SpecialOp } from "../op.ts";
import { slice } from "./movement.ts";

/** Tensors one after the other along an axis. */
export const concatOp: Named<SpecialOp, "concat"> = {
  name: "concat",
  family: "concat",
  infer: (inputs, attributes) => {
    const axis = attributes.axis as number;
    const [first] = inputs;
    if (first === undefined) throw new Error("concat of nothing");
    for (const { shape, dtype } of inputs) {
      const fits =
        axis < shape.length &&
        shape.length === first.shape.length &&
        shape.every((size, i) => i === axis || size === first.shape[i]);
      if (!fits || dtype !== first.dtype) {
        throw new Error(
          `concat of ${first.dtype} ${formatShape(first.shape)} and ${dtype} ${formatShape(shape)} on axis ${axis}`,
        );
      }
    }
    const total = inputs.reduce((size, { shape }) => size + shape[axis]!, 0);
    return { shape: first.shape.map((size, i) => (i === axis ? total : size)), dtype: first.dtype };
  },
  evaluate: (inputs, node) => {
    const axis = node.attributes.axis as number;
    const inner = product(node.shape.slice(axis + 1));
    const row = node.shape[axis]! * inner;
    const out = new Float64Array(product(node.shape));
    let before = 0;
    node.inputs.forEach(({ shape }, i) => {
      const width = shape[axis]! * inner;
      for (let outer = 0; outer * row < out.length; outer++) {
        out.set(inputs[i]!.subarray(outer * width, (outer + 1) * width), outer * row + before);
      }
      before += width;
    });
    return out;
  },
  gradient: ({ node, inputs, grad }) => {
    const axis = node.attributes.axis as number;
    let before = 0;
    return inputs.map(({ shape }) => {
      const starts = shape.map((_, i) => (i === axis ? before : 0));
      before += shape[axis]!;
      return slice(grad, { starts, steps: shape.map(() => 1), shape });
    });
  },
  samples: [
    { inputs: [{ shape: [2, 3] }, { shape: [2, 5] }], attributes: { axis: 1 } },
    { inputs: [{ shape: [7] }, { shape: [1] }, { shape: [20] }], attributes: { axis: 0 } },
    { inputs: [{ shape: [2, 3, 2] }, { shape: [2, 1, 2] }], attributes: { axis: 1 } },
  ],
};

export function concat(inputs: readonly Node[], axis: number): Node {
  return inputs.length === 1 ? inputs[0]! : apply(concatOp, inputs, { axis });
}

export const CONCAT_OPS = [concatOp] as const;
