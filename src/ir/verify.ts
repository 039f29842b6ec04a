import { invariant, sameShape } from "../util/index.ts";
import { bodyValueOf, loopOf } from "./loop.ts";
import { type Node, topologicalOrder } from "./op.ts";
import { OPS } from "./ops/index.ts";

const known = new Set(OPS);

/** Checks a graph: every op is of the language and every node's type is what the op's shape rule says. Run between passes in tests. */
export function verify(roots: readonly Node[]): void {
  for (const node of topologicalOrder(roots)) {
    invariant(known.has(node.op), `op ${node.op.name} is not registered`);
    const { shape, dtype } = node.op.infer(node.inputs, node.attributes);
    invariant(
      sameShape(shape, node.shape) && dtype === node.dtype,
      `${node.op.name} node has type ${node.dtype} [${node.shape}], its rule says ${dtype} [${shape}]`,
    );
    invariant(
      node.shape.every((size) => Number.isSafeInteger(size) && size >= 0),
      `${node.op.name} node has shape [${node.shape}]`,
    );
    const loop = loopOf(node);
    if (!loop) continue;
    const body = [...loop.next, ...[bodyValueOf(node) ?? []].flat()];
    verify(body);
    const own = new Set([...loop.carries, ...loop.slices, ...loop.constants]);
    const stranger = topologicalOrder(body).find((each) => each.op.family === "placeholder" && !own.has(each));
    invariant(!stranger, "the body of a loop reads a placeholder that is not the loop's");
  }
}
