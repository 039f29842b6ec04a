import { formatShape, product } from "../../util/index.ts";
import { apply, type ContractionOp, type Named, type Node } from "../op.ts";
import { operandsOf } from "../precision.ts";
import { permute } from "./movement.ts";

/** Matrix product of the last two axes, batched over the others: [.., M, K] x [.., K, N] -> [.., M, N]. */
export const matmulOp: Named<ContractionOp, "matmul"> = {
  name: "matmul",
  family: "contraction",
  kind: "matmul",
  infer: ([a, b]) => {
    const rank = a!.shape.length;
    const batch = a!.shape.slice(0, -2);
    const fits =
      rank >= 2 && b!.shape.slice(0, -2).join() === batch.join() && a!.shape[rank - 1] === b!.shape[rank - 2];
    if (!fits || b!.shape.length !== rank || a!.dtype !== "float32" || b!.dtype !== "float32") {
      throw new Error(`matmul of ${a!.dtype} ${formatShape(a!.shape)} and ${b!.dtype} ${formatShape(b!.shape)}`);
    }
    return { shape: [...batch, a!.shape[rank - 2]!, b!.shape[rank - 1]!], dtype: "float32" };
  },
  evaluate: (inputs, node) => {
    const [a, b] = operandsOf(inputs, node);
    const [m, n] = node.shape.slice(-2) as [number, number];
    const k = node.inputs[0]!.shape.at(-1)!;
    const out = new Float64Array(product(node.shape));
    for (let batch = 0; batch * m * n < out.length; batch++) {
      for (let i = 0; i < m; i++) {
        for (let p = 0; p < k; p++) {
          const left = a![(batch * m + i) * k + p]!;
          for (let j = 0; j < n; j++) out[(batch * m + i) * n + j]! += left * b![(batch * k + p) * n + j]!;
        }
      }
    }
    return out;
  },
  gradient: ({ inputs: [a, b], grad }) => [matmul(grad, transpose(b!)), matmul(transpose(a!), grad)],
  samples: [
    { inputs: [{ shape: [3, 4] }, { shape: [4, 5] }] },
    { inputs: [{ shape: [1, 2] }, { shape: [2, 1] }] },
    { inputs: [{ shape: [2, 3, 3, 7] }, { shape: [2, 3, 7, 2] }] },
    { inputs: [{ shape: [33, 50] }, { shape: [50, 70] }] },
  ],
};

export function matmul(a: Node, b: Node): Node {
  return apply(matmulOp, [a, b]);
}

/** The last two axes exchanged. */
export function transpose(x: Node): Node {
  const rank = x.shape.length;
  return permute(
    x,
    x.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis)),
  );
}

export const MATMUL_OPS = [matmulOp] as const;
