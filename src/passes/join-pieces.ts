import { type Node, ops } from "../ir/index.ts";
import { sameShape } from "../util/index.ts";

/** More pieces are left as they are. */
const MOST = 16;

/**
 * A sum of pieces put into zeros, side by side along one axis, is their concatenation: what the gradients of slices add up to.
 */
export function joinPieces(sum: Node): Node | undefined {
  const pieces = piecesOf(sum);
  if (!pieces) return undefined;
  const axes = sum.shape.flatMap((size, axis) => (pieces.some(({ node }) => node.shape[axis] !== size) ? [axis] : []));
  const [axis] = axes;
  if (axis === undefined || axes.length > 1) return undefined;
  const ordered = [...pieces].sort((a, b) => a.starts[axis]! - b.starts[axis]!);
  let end = 0;
  for (const { node, starts } of ordered) {
    if (starts[axis] !== end) return undefined;
    end += node.shape[axis]!;
  }
  const joined = ops.concat(
    ordered.map(({ node }) => node),
    axis,
  );
  return sameShape(joined.shape, sum.shape) ? joined : undefined;
}

interface Piece {
  readonly node: Node;
  readonly starts: readonly number[];
}

/** What is added up, when all of it is pieces in zeros. */
function piecesOf(node: Node): Piece[] | undefined {
  if (node.op.name === "add") {
    const [a, b] = node.inputs.map(piecesOf);
    return a && b && a.length + b.length <= MOST ? [...a, ...b] : undefined;
  }
  if (node.op.name !== "embed") return undefined;
  const { starts, steps, fill } = node.attributes as { starts: number[]; steps: number[]; fill: number };
  return fill === 0 && steps.every((step) => step === 1) ? [{ node: node.inputs[0]!, starts }] : undefined;
}
