import { inScope, isFloat, type Node, ops, topologicalOrder } from "../ir/index.ts";
import { invariant, sameShape } from "../util/index.ts";

/**
 * Gradients of `output` with respect to each node of `wrt`: the reverse walk. `seed` is the gradient with respect to `output` itself
 * (default: ones, that is, the gradient of the sum of its elements). The result is graph again, so it can be differentiated again.
 * What belongs to a node of scope "dense_1" has the scope "dense_1/gradient".
 */
export function backward(output: Node, wrt: readonly Node[], seed: Node = ops.constantLike(output, 1)): Node[] {
  invariant(
    isFloat(output.dtype) && sameShape(seed.shape, output.shape),
    "backward starts from a float of the seed's shape",
  );
  const order = topologicalOrder([output]);
  const needed = new Set<Node>(wrt);
  for (const node of order) {
    if (node.inputs.some((input) => needed.has(input)) && isFloat(node.dtype)) needed.add(node);
  }
  const gradient = new Map<Node, Node>([[output, seed]]);
  for (const node of order.reverse()) {
    const grad = gradient.get(node);
    if (grad === undefined || !needed.has(node) || node.op.gradient === null || node.inputs.length === 0) continue;
    inScope(node.scope === "" ? "gradient" : `${node.scope}/gradient`, () => {
      const parts = node.op.gradient!({ node, inputs: node.inputs, grad });
      node.inputs.forEach((input, i) => {
        const part = parts[i];
        if (!part || !needed.has(input)) return;
        invariant(sameShape(part.shape, input.shape), `gradient of ${node.op.name} has the wrong shape`);
        const sum = gradient.get(input);
        gradient.set(input, sum === undefined ? part : ops.add(sum, part));
      });
    });
  }
  return wrt.map((node) => gradient.get(node) ?? ops.constantLike(node, 0));
}
