import { type Node, ops } from "../ir/index.ts";
import { product } from "../util/index.ts";
import { rewrite } from "./simplify.ts";

/** A reduction of at least so many elements to few results is done in two steps, the first of which many workers can share. */
const LONG = 32768;
/** Elements of one result below which it is not worth a second step. */
const SHORT = 256;
/**
 * Few: with more results than this the results themselves are enough to share out. Sums along rows are independent of each other;
 * sums of columns are taken a vector of neighbours at a time, so that many more of them make as many pieces of work.
 */
const FEW = { rows: 63, columns: 512 } as const;
/**
 * Elements of one result from which a sum is done in two steps even where there are many results: each addition to a float32 total
 * may lose half a unit of its last place. Rows are added up in some sixteen totals side by side.
 */
const DEEP = { rows: 65536, columns: 4096 } as const;
/** Fewest parts that a split is worth. */
const LEAST = 8;

const REDUCE = { sum: ops.sum, max: ops.max, min: ops.min, prod: ops.prod } as const;
const COMBINE = { sum: ops.add, max: ops.maximum, min: ops.minimum, prod: ops.mul } as const;
type Splittable = keyof typeof REDUCE;

/**
 * Splits long sums in two: partial sums over fixed parts, then the sum of those. The parts depend on the shape alone, so that results
 * do not depend on the number of workers; and sums of sums are more accurate than one long sum.
 */
export function splitReductions(roots: readonly Node[]): Node[] {
  return rewrite(roots, (node) => {
    if (node.op.family !== "reduce" || node.op.name === "argmax") return node;
    return split(node, node.op.name as Splittable);
  });
}

function split(node: Node, name: Splittable): Node {
  const x = node.inputs[0]!;
  const axes = node.attributes.axes as readonly number[];
  const kind = axes.includes(x.shape.length - 1) ? "rows" : "columns";
  const elements = product(axes.map((axis) => x.shape[axis]!));
  const deep = name === "sum" && elements >= DEEP[kind];
  if (product(x.shape) < LONG || elements < SHORT || (product(node.shape) > FEW[kind] && !deep)) return node;
  return axes.length > 1 ? splitAxes(node, name) : splitAxis(node, name);
}

/** First some of the axes, then the rest, with about as many elements each. */
function splitAxes(node: Node, name: Splittable): Node {
  const x = node.inputs[0]!;
  const axes = node.attributes.axes as readonly number[];
  const sizes = axes.map((axis) => x.shape[axis]!);
  const half = Math.sqrt(product(sizes));
  let cut = 1;
  for (let i = 2; i < axes.length; i++) {
    const distance = (at: number) => Math.abs(Math.log(product(sizes.slice(0, at)) / half));
    if (distance(i) < distance(cut)) cut = i;
  }
  const inner = axes.slice(cut);
  const outer = axes.slice(0, cut);
  return again(again(x, inner, name), outer, name);
}

/** A reduction that may be split further. */
function again(x: Node, axes: readonly number[], name: Splittable): Node {
  const reduced = REDUCE[name](x, axes);
  return reduced === x ? x : split(reduced, name);
}

/** One axis in about as many parts as each has elements; what is left over when they do not divide is added at the end. */
function splitAxis(node: Node, name: Splittable): Node {
  const x = node.inputs[0]!;
  const [axis] = node.attributes.axes as readonly [number];
  const size = x.shape[axis]!;
  const wanted = Math.floor(Math.sqrt(size));
  if (wanted < LEAST) return node;
  const parts = divisorNear(size, wanted) ?? wanted;
  const each = Math.floor(size / parts);
  const whole = partsOf(range(x, axis, 0, parts * each), axis, parts, name);
  if (parts * each === size) return whole;
  return COMBINE[name](whole, REDUCE[name](range(x, axis, parts * each, size), [axis]));
}

/** The greatest divisor of `size` from a quarter of `wanted` up to it. */
function divisorNear(size: number, wanted: number): number | undefined {
  for (let parts = wanted; parts >= Math.max(LEAST, wanted / 4); parts--) {
    if (size % parts === 0) return parts;
  }
  return undefined;
}

/** [.. s ..] as [.. parts, s / parts ..], reduced over the second, then over the first. */
function partsOf(x: Node, axis: number, parts: number, name: Splittable): Node {
  const shape = [...x.shape.slice(0, axis), parts, x.shape[axis]! / parts, ...x.shape.slice(axis + 1)];
  const total = REDUCE[name](REDUCE[name](ops.reshape(x, shape), [axis + 1]), [axis]);
  return ops.reshape(total, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis + 1)]);
}

/** Elements [from, to) along an axis. */
function range(x: Node, axis: number, from: number, to: number): Node {
  return ops.slice(x, {
    starts: x.shape.map((_, i) => (i === axis ? from : 0)),
    steps: x.shape.map(() => 1),
    shape: x.shape.map((size, i) => (i === axis ? to - from : size)),
  });
}
