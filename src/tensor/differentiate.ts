import { backward } from "../autodiff/index.ts";
import { isFloat, ops } from "../ir/index.ts";
import { fail, formatShape } from "../util/index.ts";
import { Tensor } from "./tensor.ts";
import { leaves, rebuild, type Tree } from "./tree.ts";

/**
 * Gradients of `loss` (summed when it isn't a scalar) with respect to each of `wrt`, as lazy tensors: they can be differentiated again.
 * Tensors that the loss does not depend on get zeros.
 *
 * @throws DescentError when the loss or one of `wrt` is no float32.
 * @example
 * const w = tensor([1, 2]);
 * const [slope] = gradients(w.square().sum(), [w]);
 * await slope?.array(); // [2, 4]
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  for (const each of [loss, ...wrt]) {
    if (!isFloat(each.dtype)) fail(`the gradient of or by a ${each.dtype} tensor`, "float32", "cast it first");
  }
  return backward(
    loss.node,
    wrt.map((each) => each.node),
  ).map((node) => new Tensor(node));
}

/**
 * A function that gives both f's value and its gradient with respect to argument `argument` (a tensor, or arrays and records of them).
 *
 * @throws DescentError when f's value is not a scalar.
 * @example
 * const f = (w: Tensor) => w.square().sum();
 * const [value, slope] = valueAndGrad(f)(tensor([1, 2, 3]));
 */
export function valueAndGrad<A extends readonly Tree[], I extends number = 0>(
  f: (...args: A) => Tensor,
  argument: I = 0 as I,
): (...args: A) => [value: Tensor, gradient: A[I]] {
  return (...args) => {
    const target = args[argument];
    if (target === undefined) fail(`valueAndGrad of argument ${argument}`, `one of the ${args.length} arguments`);
    // Fresh nodes: what f reaches by other ways than this argument counts as constant.
    const own = leaves(target).map((each) => new Tensor(ops.identity(each.node)));
    const value = f(...(args.map((each, i) => (i === argument ? rebuild(target, own) : each)) as unknown as A));
    if (!(value instanceof Tensor)) fail("grad of a function that gives no tensor", "a scalar tensor");
    if (value.size !== 1)
      fail(
        `grad of a function whose value has shape ${formatShape(value.shape)}`,
        "a scalar",
        "reduce it with sum() or mean()",
      );
    return [value, rebuild(target, gradients(value, own)) as A[I]];
  };
}

/**
 * A function that gives f's gradient with respect to argument `argument`; see {@link valueAndGrad}.
 *
 * @throws DescentError when f's value is not a scalar.
 * @example
 * grad((x: Tensor) => x.pow(3).sum())(tensor([1, 2])); // [3, 12]
 */
export function grad<A extends readonly Tree[], I extends number = 0>(
  f: (...args: A) => Tensor,
  argument: I = 0 as I,
): (...args: A) => A[I] {
  const both = valueAndGrad(f, argument);
  return (...args) => both(...args)[1];
}
