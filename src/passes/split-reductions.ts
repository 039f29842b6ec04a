import { type Node, ops } from "../ir/index.ts";
import { product } from "../util/index.ts";
import { rewrite } from "./simplify.ts";

/** A reduction of at least this many elements to few results is done in two steps, the first of which many workers can share. */
const LONG = 32768;
/**
 * Few: with more results than this the results themselves are enough to share out. Sums along rows are independent of each other;
 * sums of columns are taken a vector of neighbours at a time, so that many more of them make as many pieces of work.
 */
const FEW = { rows: 63, columns: 512 } as const;
/** Number of partial results wanted. */
const PARTS = { least: 8, most: 256 } as const;

/** The greatest divisor of `size` within the wanted number of parts. */
function partsOf(size: number): number | undefined {
  for (let parts = Math.min(PARTS.most, size); parts >= PARTS.least; parts--) {
    if (size % parts === 0) return parts;
  }
  return undefined;
}

/**
 * Splits long sums in two: partial sums over fixed parts, then the sum of those. The parts depend on the shape alone, so that results
 * do not depend on the number of workers; and sums of sums are more accurate than one long sum.
 */
export function splitReductions(roots: readonly Node[]): Node[] {
  return rewrite(roots, (node) => {
    if (node.op.family !== "reduce" || node.op.name === "argmax") return node;
    const x = node.inputs[0]!;
    const axes = node.attributes.axes as readonly number[];
    const few = axes.includes(x.shape.length - 1) ? FEW.rows : FEW.columns;
    if (product(x.shape) < LONG || product(node.shape) > few) return node;
    const reduce = (value: Node, over: readonly number[]) => {
      const op = { sum: ops.sum, max: ops.max, min: ops.min, prod: ops.prod }[
        node.op.name as "sum" | "max" | "min" | "prod"
      ];
      return op(value, over);
    };
    const [first] = axes as [number];
    const parts = partsOf(x.shape[first]!);
    if (axes.length > 1 && x.shape[first]! >= PARTS.least && x.shape[first]! <= 4 * PARTS.most) {
      return reduce(reduce(x, axes.slice(1)), [first]);
    }
    if (parts === undefined) return node;
    // [.. s ..] as [.. parts, s / parts ..]: the later axes move up by one.
    const split = [...x.shape.slice(0, first), parts, x.shape[first]! / parts, ...x.shape.slice(first + 1)];
    const partial = reduce(ops.reshape(x, split), [first + 1, ...axes.slice(1).map((axis) => axis + 1)]);
    return ops.reshape(reduce(partial, [first]), node.shape);
  });
}
