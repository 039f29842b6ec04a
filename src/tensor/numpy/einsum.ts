import { type Node, ops } from "../../ir/index.ts";
import { fail, formatShape, product } from "../../util/index.ts";
import { broadcastTo } from "./promote.ts";

/** An operand, and the letters of its axes. */
interface Term {
  readonly node: Node;
  readonly labels: string;
}

const NAMED = /^[a-zA-Z]*(,[a-zA-Z]*)*->[a-zA-Z]*$/;

/**
 * Einstein's sum over every letter that the result lacks, two operands at a time from the left: each pair is one product of matrices,
 * its rows the letters of the first alone, its columns those of the second, summed over shared letters that nothing after them has.
 */
export function einsum(equation: string, operands: readonly Node[]): Node {
  const spaceless = equation.replaceAll(" ", "");
  if (!NAMED.test(spaceless)) fail(`einsum got "${equation}"`, 'letters for axes, such as "bij,bjk->bik"');
  const [left = "", result = ""] = spaceless.split("->");
  const labels = left.split(",");
  if (labels.length !== operands.length) {
    fail(`einsum got ${operands.length} tensors for "${equation}"`, `${labels.length}, one for each term`);
  }
  const sizes = sizesOf(equation, labels, operands);
  if (new Set(result).size !== result.length || [...result].some((letter) => !sizes.has(letter))) {
    fail(`einsum got the result "${result}"`, "letters of the terms before the arrow, each once");
  }
  const terms = operands.map((node, i) => diagonal(ops.cast(node, "float32"), labels[i]!));
  const last = terms.reduce((sum, term, i) => multiply(sum, term, result + terms.slice(i + 1).map((t) => t.labels)));
  return ordered(reduced(last, result), result);
}

/** The size of every letter's axis. */
function sizesOf(equation: string, labels: readonly string[], operands: readonly Node[]): Map<string, number> {
  const sizes = new Map<string, number>();
  operands.forEach(({ shape }, i) => {
    const letters = labels[i]!;
    if (shape.length !== letters.length) {
      fail(`einsum "${equation}" got ${formatShape(shape)} for "${letters}"`, `${letters.length} axes`);
    }
    shape.forEach((size, axis) => {
      const letter = letters[axis]!;
      const known = sizes.get(letter);
      if (known !== undefined && known !== size) {
        fail(`einsum "${equation}" got axes of ${known} and ${size} elements for "${letter}"`, "one size for a letter");
      }
      sizes.set(letter, size);
    });
  });
  return sizes;
}

/** A letter that a term has twice: the elements whose indices there are equal. */
function diagonal(node: Node, labels: string): Term {
  const first = [...labels].findIndex((letter, axis) => labels.indexOf(letter) !== axis);
  if (first < 0) return { node, labels };
  const twin = labels.indexOf(labels[first]!);
  const on = ops.eq(ops.iota(node.shape, first), ops.iota(node.shape, twin));
  const kept = ops.sum(ops.select(on, node, ops.constantLike(node, 0)), [first]);
  const without = (_: unknown, axis: number) => axis !== first;
  return diagonal(ops.reshape(kept, kept.shape.filter(without)), [...labels].filter(without).join(""));
}

/** The term summed over its letters that `needed` lacks. */
function reduced({ node, labels }: Term, needed: string): Term {
  const gone = [...labels].flatMap((letter, axis) => (needed.includes(letter) ? [] : [axis]));
  if (gone.length === 0) return { node, labels };
  const kept = (_: unknown, axis: number) => !gone.includes(axis);
  return {
    node: ops.reshape(ops.sum(node, gone), node.shape.filter(kept)),
    labels: [...labels].filter(kept).join(""),
  };
}

/** The axes in the order of `labels`. */
function ordered(term: Term, labels: string): Node {
  const order = [...labels].map((letter) => term.labels.indexOf(letter));
  return order.every((axis, i) => axis === i) ? term.node : ops.permute(term.node, order);
}

/** The product of two terms, summed over what neither the result nor later terms need. */
function multiply(first: Term, second: Term, needed: string): Term {
  const a = reduced(first, second.labels + needed);
  const b = reduced(second, first.labels + needed);
  const letters = (labels: string, test: (letter: string) => boolean) => [...labels].filter(test).join("");
  const shared = letters(a.labels, (letter) => b.labels.includes(letter));
  const batch = letters(shared, (letter) => needed.includes(letter));
  const depth = letters(shared, (letter) => !needed.includes(letter));
  const rows = letters(a.labels, (letter) => !shared.includes(letter));
  const columns = letters(b.labels, (letter) => !shared.includes(letter));
  const size = (term: Term, labels: string) =>
    [...labels].map((letter) => term.node.shape[term.labels.indexOf(letter)]!);
  const shape = [...size(a, batch), ...size(a, rows), ...size(b, columns)];
  const labels = batch + rows + columns;
  const parts = (term: Term, order: string, sizes: readonly number[]) => ops.reshape(ordered(term, order), sizes);
  const [m, k, n] = [product(size(a, rows)), product(size(a, depth)), product(size(b, columns))];
  const together = size(a, batch);
  if (depth === "") {
    const [left, right] = [parts(a, batch + rows, [...together, m, 1]), parts(b, batch + columns, [...together, 1, n])];
    const whole = [...together, m, n];
    return { node: ops.reshape(ops.mul(broadcastTo(left, whole), broadcastTo(right, whole)), shape), labels };
  }
  const left = parts(a, batch + rows + depth, [...together, m, k]);
  const right = parts(b, batch + depth + columns, [...together, k, n]);
  return { node: ops.reshape(ops.matmul(left, right), shape), labels };
}
