import { formatShape, product } from "../../util/index.ts";
import { apply, type Named, type Node, type SpecialOp } from "../op.ts";
import { add, sub } from "./arithmetic.ts";
import { broadcast } from "./broadcast.ts";
import { gather } from "./gather.ts";
import { reshape } from "./movement.ts";
import { eq, select } from "./selection.ts";
import { constant, constantLike, iota } from "./sources.ts";

/** Rows of x replaced by number, in order: result[r] = updates[i] for the last i with indices[i] = r, x[r] where there is none. */
export const putOp: Named<SpecialOp, "put"> = {
  name: "put",
  family: "scatter",
  infer: ([x, indices, updates]) => {
    const found = [...indices!.shape, ...x!.shape.slice(1)];
    if (indices!.dtype !== "int32" || updates!.dtype !== x!.dtype || updates!.shape.join() !== found.join()) {
      throw new Error(`put of ${formatShape(updates!.shape)} by ${indices!.dtype} into ${formatShape(x!.shape)}`);
    }
    return x!;
  },
  evaluate: ([x, indices, updates], node) => {
    const width = product(node.shape.slice(1));
    const out = x!.slice();
    indices!.forEach((row, i) => {
      if (row >= 0 && row < node.shape[0]!) out.set(updates!.subarray(i * width, (i + 1) * width), row * width);
    });
    return out;
  },
  gradient: ({ inputs: [x, indices, updates], grad }) => {
    const nothing = constantLike(updates!, 0);
    const count = product(indices!.shape);
    const last = eq(lastPlaces(indices!, x!.shape[0]!), iota([count], 0));
    const shape = updates!.shape.map((_, axis) => indices!.shape[axis] ?? 1);
    const kept = broadcast(reshape(last, shape), updates!.shape);
    return [put(grad, indices!, nothing), null, select(kept, gather(grad, indices!), nothing)];
  },
  samples: [
    { inputs: [{ shape: [5, 3] }, { shape: [4], dtype: "int32", range: [-1, 5] }, { shape: [4, 3] }] },
    { inputs: [{ shape: [7] }, { shape: [3, 4], dtype: "int32", range: [0, 7] }, { shape: [3, 4] }] },
    {
      inputs: [
        { shape: [6, 2, 2], dtype: "int32", range: [0, 9] },
        { shape: [3], dtype: "int32", range: [0, 5] },
        { shape: [3, 2, 2], dtype: "int32", range: [0, 9] },
      ],
    },
  ],
};

export function put(x: Node, indices: Node, updates: Node): Node {
  return apply(putOp, [x, indices, updates]);
}

/** For each index the last place that holds the same one, int32 [indices]; -1 for indices outside of `rows` rows. */
export function lastPlaces(indices: Node, rows: number): Node {
  const count = product(indices.shape);
  const flat = reshape(indices, [count]);
  const one = constant(1, [count], "int32");
  const places = put(constant(0, [rows], "int32"), flat, add(iota([count], 0), one));
  return sub(gather(places, flat), one);
}
