import { closeLoop, type Node, ops } from "../ir/index.ts";
import { fail, formatShape, sameShape } from "../util/index.ts";
import { checkNamed } from "./checks.ts";
import { Tensor } from "./tensor.ts";
import { leaves, rebuild, type Tree } from "./tree.ts";

export interface ScanOptions<C extends Tree, X extends Tree> {
  /** The carry before the first step: a tensor, or arrays and records of them. */
  readonly init: C;
  /** What steps take their slices from: every tensor has the steps along its first axis. Default: nothing. */
  readonly xs?: X;
  /** Number of steps; needed only without `xs`. */
  readonly length?: number;
  /** Go from the last slice to the first; outputs stay with their slices. Default false. */
  readonly reverse?: boolean;
  /**
   * Let the gradient compute again what a step computed, from its carry and its slice, instead of keeping it: memory for carries only,
   * the time of a second forward pass. Default false.
   */
  readonly recompute?: boolean;
}

/**
 * Applies `f` step by step: `f(carry, x)` gives the next carry and an output. The result is the last carry, and the outputs of all steps
 * stacked along a new first axis. The step is traced once and compiled as one loop; it can be differentiated, to any order. Tensors that
 * `f` reaches otherwise are the same for all steps; what it computes from them alone is computed once. JAX's `lax.scan`.
 *
 * @throws DescentError when the carry changes its shape or type, or when the first axes of `xs` differ.
 * @example
 * const [total, sums] = scan((sum: Tensor, x: Tensor) => [sum.add(x), sum.add(x)], { init: tensor(0), xs: tensor([1, 2, 3]) });
 * await sums.array(); // [1, 3, 6]
 */
export function scan<C extends Tree, Y extends Tree, X extends Tree = readonly []>(
  f: (carry: C, x: X) => readonly [carry: C, y: Y],
  options: ScanOptions<C, X>,
): [carry: C, ys: Y] {
  checkNamed("scan", options, ["init", "xs", "length", "reverse", "recompute"]);
  const { init, xs = [] as unknown as X, reverse = false, recompute = false } = options;
  const [first, stacks] = [leaves(init), leaves(xs)];
  const length = lengthOf(stacks, options.length);
  const carries = first.map(({ shape, dtype }) => ops.placeholder("carry", shape, dtype));
  const slices = stacks.map(({ shape, dtype }) => ops.placeholder("slice", shape.slice(1), dtype));
  const wrap = (nodes: readonly Node[]) => nodes.map((node) => new Tensor(node));
  const result = f(rebuild(init, wrap(carries)), rebuild(xs, wrap(slices)));
  if (!Array.isArray(result) || result.length !== 2) fail("scan's function gave no pair", "[carry, output]");
  const [carry, output] = result as readonly [C, Y];
  const next = leaves(carry);
  checkCarry(init, first, next);
  const values = leaves(output).map(({ node }) => node);
  const steps = { length, reverse, recompute };
  const closed = closeLoop({ ...steps, carries, slices, next: next.map(({ node }) => node), values });
  const inputs = [...[...first, ...stacks].map(({ node }) => node), ...closed.constants];
  const ends = carries.map((_, i) => ops.scanEnd(closed.loop, inputs, i));
  const ys = closed.values.map((value) => ops.scan(closed.loop, inputs, value));
  return [rebuild(init, wrap(ends)), rebuild(output, wrap(ys))];
}

function lengthOf(stacks: readonly Tensor[], given: number | undefined): number {
  const scalar = stacks.findIndex(({ rank }) => rank === 0);
  if (scalar >= 0) fail(`scan got the scalar ${scalar} of xs`, "tensors with the steps along their first axis");
  const sizes = new Set(stacks.map(({ shape }) => shape[0]!));
  if (sizes.size > 1) {
    const shapes = stacks.map(({ shape }) => formatShape(shape)).join(", ");
    fail(`scan got xs of shapes ${shapes}`, "as many steps along the first axis of each");
  }
  const [size] = sizes;
  if (size !== undefined && given !== undefined && size !== given) {
    fail(`scan got length ${given} and xs of ${size} steps`, "the same number", "leave out length");
  }
  const length = size ?? given;
  if (length === undefined) fail("scan got neither xs nor length", "one of them, for the number of steps");
  if (!Number.isInteger(length) || length < 0) fail(`scan got length ${length}`, "a whole number of steps");
  return length;
}

/** Every tensor of the carry has to stay what it is. */
function checkCarry(init: Tree, before: readonly Tensor[], after: readonly Tensor[]): void {
  const paths = pathsOf(init, "carry");
  if (before.length !== after.length) {
    fail(
      `scan's function gave a carry of ${after.length} tensors`,
      `${before.length}, as in init: ${paths.join(", ")}`,
    );
  }
  before.forEach(({ shape, dtype }, i) => {
    const { shape: shape2, dtype: dtype2 } = after[i]!;
    if (dtype === dtype2 && sameShape(shape, shape2)) return;
    fail(
      `scan's ${paths[i]} is ${dtype} ${formatShape(shape)} before the step and ${dtype2} ${formatShape(shape2)} after it`,
      "the same shape and type",
      dtype === dtype2 ? `give init the shape ${formatShape(shape2)}` : `cast it to ${dtype}`,
    );
  });
}

/** Names of a tree's tensors, such as carry.state[1]. */
function pathsOf(tree: Tree, path: string): string[] {
  if (tree instanceof Tensor) return [path];
  if (Array.isArray(tree)) return (tree as readonly Tree[]).flatMap((each, i) => pathsOf(each, `${path}[${i}]`));
  return Object.entries(tree as Record<string, Tree>).flatMap(([name, each]) => pathsOf(each, `${path}.${name}`));
}
