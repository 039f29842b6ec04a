import { apply, type Node, ops } from "../ir/index.ts";
import { product, sameShape } from "../util/index.ts";
import { rewrite } from "./simplify.ts";
import { unshaped } from "./strided-view.ts";

/**
 * Takes out of sums what is the same for all of their elements, and knows those that vanish:
 *
 *   sum(a c) = c sum(a)        sum(a / c) = sum(a) / c        c constant along the summed axes
 *   sum(x - mean(x)) = 0       NaN where the mean is NaN or infinite
 *
 * Both hold up to rounding, which gets less. The gradient of a normalization has several sums that become multiples of the same two.
 */
export function factorSums(roots: readonly Node[]): Node[] {
  return rewrite(roots, (node) => (node.op.name === "sum" && node.dtype === "float32" ? factored(node) : node));
}

/** A product as its factors. */
interface Factors {
  readonly varying: Node[];
  /** Constant along the summed axes, in the shape of the sum. */
  readonly fixed: Node[];
  readonly divisors: Node[];
  constant: number;
}

function factored(node: Node): Node {
  const [x] = node.inputs as [Node];
  const axes = node.attributes.axes as readonly number[];
  const factors: Factors = { varying: [], fixed: [], divisors: [], constant: 1 };
  collect(x, axes, factors);
  const { varying, fixed, divisors, constant } = factors;
  if (fixed.length + divisors.length === 0 && constant === 1) return vanishing(node) ?? node;
  const [first, ...others] = varying.sort((a, b) => a.id - b.id);
  let total: Node;
  if (first) {
    const sum = ops.sum(
      others.reduce((a, b) => ops.mul(a, b), first),
      axes,
    );
    total = vanishing(sum) ?? sum;
  } else total = ops.constantLike(node, product(x.shape) / product(node.shape));
  for (const factor of fixed) total = ops.mul(total, factor);
  for (const divisor of divisors) total = ops.div(total, divisor);
  return constant === 1 ? total : ops.mul(total, ops.constantLike(total, constant));
}

function collect(x: Node, axes: readonly number[], factors: Factors): void {
  const fixed = along(x, axes);
  if (fixed) {
    factors.fixed.push(fixed);
    return;
  }
  const [a, b] = x.inputs as [Node, Node];
  switch (x.op.name) {
    case "mul":
      collect(a, axes, factors);
      collect(b, axes, factors);
      return;
    case "neg":
      factors.constant *= -1;
      collect(a, axes, factors);
      return;
    case "div": {
      const divisor = along(b, axes);
      if (!divisor) break;
      factors.divisors.push(divisor);
      collect(a, axes, factors);
      return;
    }
    case "add":
      if (a !== b) break;
      factors.constant *= 2;
      collect(a, axes, factors);
      return;
  }
  factors.varying.push(x);
}

/** A value that is the same all along some axes, once for each group; undefined where it is not known to be so. */
function along(x: Node, axes: readonly number[]): Node | undefined {
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  if (x.op.family === "constant") return ops.constant(x.attributes.value as number, shape, x.dtype);
  if (x.op.name === "broadcast") {
    const [from] = x.inputs as [Node];
    return axes.every((axis) => from.shape[axis] === 1) ? ops.broadcast(from, shape) : undefined;
  }
  if (x.op.family !== "elementwise" || x.inputs.length === 0) return undefined;
  const inputs: Node[] = [];
  for (const input of x.inputs) {
    const each = along(input, axes);
    if (!each) return undefined;
    inputs.push(each);
  }
  return apply(x.op, inputs, x.attributes);
}

/** The sum of differences from the mean: nothing, or NaN. */
function vanishing(sum: Node): Node | undefined {
  const [difference] = sum.inputs as [Node];
  if (difference.op.name !== "sub") return undefined;
  const [x, spread] = difference.inputs as [Node, Node];
  if (spread.op.name !== "broadcast") return undefined;
  const [mean] = spread.inputs as [Node];
  const count = product(x.shape) / product(sum.shape);
  if (!sameShape(mean.shape, sum.shape) || !isMean(mean, x, sum.attributes.axes as readonly number[], count))
    return undefined;
  return ops.mul(mean, ops.constantLike(mean, 0));
}

function isMean(node: Node, x: Node, axes: readonly number[], count: number): boolean {
  const mean = unshaped(node);
  if (mean.op.name !== "mul" && mean.op.name !== "div") return false;
  const [sum, scale] = mean.inputs.map(unshaped) as [Node, Node];
  if (sum.op.name !== "sum" || sum.inputs[0] !== x || scale.op.family !== "constant") return false;
  const summed = sum.attributes.axes as readonly number[];
  if (summed.length !== axes.length || summed.some((axis) => !axes.includes(axis))) return false;
  const value = scale.attributes.value as number;
  return mean.op.name === "mul" ? Math.fround(value) === Math.fround(1 / count) : value === count;
}
