import { backward } from "../autodiff/index.ts";
import { isFloat, type Node, ops, topologicalOrder } from "../ir/index.ts";
import { fail, formatShape } from "../util/index.ts";
import { givenTensor } from "./given.ts";
import { mayDescend } from "./history.ts";
import { Tensor } from "./tensor.ts";
import { leaves, rebuild, type Tree } from "./tree.ts";

/**
 * Gradients of `loss` (summed when it isn't a scalar) with respect to each of `wrt`, as lazy tensors: they can be differentiated again.
 * Tensors that the loss does not depend on get zeros. A tensor whose values were asked for (`data`, `array`, `item`) counts as a
 * constant in what is made of it afterwards; asking for the loss itself, or for one of `wrt`, changes nothing.
 *
 * @throws DescentError when the loss or one of `wrt` is no float32, or when the loss may depend on one of `wrt` only by way of such
 * a constant.
 * @example
 * const w = tensor([1, 2]);
 * const [slope] = gradients(w.square().sum(), [w]);
 * await slope?.array(); // [2, 4]
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  for (const each of [loss, ...wrt]) {
    if (!isFloat(each.dtype)) fail(`the gradient of or by a ${each.dtype} tensor`, "float32", "cast it first");
  }
  const [output] = loss.places;
  const graph = topologicalOrder([output]);
  const reached = new Set(graph);
  const places = wrt.map((each) => each.places.filter((node) => reached.has(node)));
  const slopes = backward(output, places.flat()).values();
  return wrt.map((each, i) => {
    if (places[i]!.length === 0) {
      const cut = graph.some((leaf) => mayDescend(leaf, each.places[0]));
      if (cut) {
        fail(
          `gradients of a loss by tensor ${i}, on which it does not depend: part of the loss is made of values computed before`,
          "a loss made of tensors whose values were not asked for yet",
          "call gradients before data(), array() or item(), or use grad()",
        );
      }
    }
    const parts = places[i]!.map(() => slopes.next().value as Node);
    return new Tensor(parts.length === 0 ? ops.constantLike(each.node, 0) : parts.reduce(ops.add));
  });
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
    const given = args.map((each, i) => (i === argument ? rebuild(target, own) : each)) as unknown as A;
    const value = givenTensor(f(...given), "the function to differentiate");
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
