import { scan } from "./scan.ts";
import type { Tensor } from "./tensor.ts";
import { leaves, rebuild, type Tree } from "./tree.ts";

/**
 * The same function, whose gradient computes again what the function computed instead of keeping it in memory: memory for its arguments and
 * results only, and the forward pass is computed twice. Arguments and results are tensors, or arrays and records of them; tensors that `f` reaches
 * otherwise are kept, and what is computed from them alone, random numbers of a captured key for example, is too. Gradients are the same, bit
 * for bit (Chen et al., 2016; JAX's and PyTorch's `checkpoint`).
 *
 * @example
 * const block = checkpoint((x: Tensor) => x.mul(2).exp().sin());
 * const slope = grad((x: Tensor) => block(block(x)).sum())(tensor([0.5, 1]));
 */
export function checkpoint<A extends readonly Tree[], R extends Tree>(f: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    const xs = rebuildAll(args, (each) => each.expandDims(0)) as unknown as A;
    // A loop of one step: its body is computed as one kernel, and again in the loop that is its gradient.
    const step = (none: readonly [], given: A) => [none, f(...given)] as const;
    const [, result] = scan(step, { init: [] as const, xs, recompute: true });
    return rebuildAll(result, (each) => each.squeeze(0)) as R;
  };
}

function rebuildAll(tree: Tree, change: (each: Tensor) => Tensor): Tree {
  return rebuild(tree, leaves(tree).map(change));
}
