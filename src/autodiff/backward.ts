import {
  applicationOf,
  applications,
  inScope,
  isFloat,
  type Node,
  ops,
  precisionOf,
  topologicalOrder,
  withPrecision,
} from "../ir/index.ts";
import { invariant, sameShape } from "../util/index.ts";
import { loopGradients, type Slope } from "./loop.ts";

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
  const slopes = pullBack([{ node: output, grad: seed }], wrt);
  return wrt.map((node, i) => slopes[i] ?? ops.constantLike(node, 0));
}

/** The same from several outputs at once; undefined where no gradient flows. */
export function pullBack(outputs: readonly Slope[], wrt: readonly Node[]): (Node | undefined)[] {
  const order = topologicalOrder(outputs.map(({ node }) => node));
  const needed = new Set<Node>(wrt);
  for (const node of order) {
    if (node.inputs.some((input) => needed.has(input)) && isFloat(node.dtype)) needed.add(node);
  }
  const gradient = new Map<Node, Node>();
  const give = (node: Node, part: Node) => {
    const sum = gradient.get(node);
    gradient.set(node, sum === undefined ? part : ops.add(sum, part));
  };
  for (const { node, grad } of outputs) give(node, grad);
  const loops = applications(order);
  /** Gradients with respect to the inputs of a node; of all results of a loop at the one that is visited last. */
  const partsOf = (node: Node): readonly (Node | null)[] | undefined => {
    const { gradient: rule } = node.op;
    if (rule === "loop") {
      const results = loops.get(applicationOf(node))!;
      if (results[0] !== node) return undefined;
      const slopes = results.flatMap((each): Slope[] => {
        const grad = gradient.get(each);
        return grad && needed.has(each) ? [{ node: each, grad }] : [];
      });
      return slopes.length === 0 ? undefined : loopGradients(slopes, (input) => needed.has(input), pullBack);
    }
    const grad = gradient.get(node);
    if (grad === undefined || !needed.has(node) || rule === null || node.inputs.length === 0) return undefined;
    return withPrecision(precisionOf(node), () => rule({ node, inputs: node.inputs, grad }));
  };
  for (const node of order.reverse()) {
    inScope(node.scope === "" ? "gradient" : `${node.scope}/gradient`, () => {
      const parts = partsOf(node);
      node.inputs.forEach((input, i) => {
        const part = parts?.[i];
        if (!part || !needed.has(input)) return;
        invariant(sameShape(part.shape, input.shape), `gradient of ${node.op.name} has the wrong shape`);
        give(input, part);
      });
    });
  }
  return wrt.map((node) => gradient.get(node));
}
