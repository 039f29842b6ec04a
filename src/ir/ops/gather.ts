import { formatShape, product } from "../../util/index.ts";
import { isFloat, wrap } from "../dtype.ts";
import { apply, type Named, type Node, type SpecialOp } from "../op.ts";

/** Rows of x by number: result[i.., r..] = x[indices[i..], r..]; a number outside of x reads 0. The adjoint of `scatter`. */
export const gatherOp: Named<SpecialOp, "gather"> = {
  name: "gather",
  family: "gather",
  infer: ([x, indices]) => {
    if (indices?.dtype !== "int32" || x!.shape.length === 0) throw new Error(`gather by ${indices?.dtype}`);
    return { shape: [...indices.shape, ...x!.shape.slice(1)], dtype: x!.dtype };
  },
  evaluate: ([x, indices], node) => {
    const width = product(node.inputs[0]!.shape.slice(1));
    const rows = node.inputs[0]!.shape[0]!;
    const out = new Float64Array(indices!.length * width);
    indices!.forEach((row, i) => {
      if (row >= 0 && row < rows) out.set(x!.subarray(row * width, (row + 1) * width), i * width);
    });
    return out;
  },
  gradient: ({ inputs: [x, indices], grad }) => [scatter(indices!, grad, x!.shape[0]!), null],
  samples: [
    { inputs: [{ shape: [5, 3] }, { shape: [4], dtype: "int32", range: [-1, 5] }] },
    { inputs: [{ shape: [9] }, { shape: [4, 20], dtype: "int32", range: [0, 8] }] },
    {
      inputs: [
        { shape: [6, 2, 2], dtype: "int32", range: [0, 9] },
        { shape: [3, 2], dtype: "int32", range: [0, 5] },
      ],
    },
  ],
};

export function gather(x: Node, indices: Node): Node {
  return apply(gatherOp, [x, indices]);
}

/** Adds rows up by number, in order: result[r] = sum of updates[i] with indices[i] = r; numbers outside are left out. */
export const scatterOp: Named<SpecialOp, "scatter"> = {
  name: "scatter",
  family: "scatter",
  infer: ([indices, updates], { rows }) => {
    const rank = indices!.shape.length;
    if (indices!.dtype !== "int32" || updates!.shape.slice(0, rank).join() !== indices!.shape.join()) {
      throw new Error(`scatter of ${formatShape(updates!.shape)} by ${indices!.dtype} ${formatShape(indices!.shape)}`);
    }
    return { shape: [rows as number, ...updates!.shape.slice(rank)], dtype: updates!.dtype };
  },
  evaluate: ([indices, updates], node) => {
    const width = product(node.shape.slice(1));
    const out = new Float64Array(product(node.shape));
    indices!.forEach((row, i) => {
      if (row < 0 || row >= node.shape[0]!) return;
      for (let j = 0; j < width; j++) out[row * width + j]! += updates![i * width + j]!;
    });
    return isFloat(node.dtype) ? out : out.map((total) => wrap(total, node.dtype));
  },
  gradient: ({ inputs: [indices], grad }) => [null, gather(grad, indices!)],
  samples: [
    { inputs: [{ shape: [6], dtype: "int32", range: [-1, 4] }, { shape: [6, 3] }], attributes: { rows: 4 } },
    { inputs: [{ shape: [4, 5], dtype: "int32", range: [0, 6] }, { shape: [4, 5] }], attributes: { rows: 7 } },
  ],
};

export function scatter(indices: Node, updates: Node, rows: number): Node {
  return apply(scatterOp, [indices, updates], { rows });
}

export const GATHER_OPS = [gatherOp, scatterOp] as const;
