import { type Node, ops, type TypedArray } from "../ir/index.ts";

/** Nodes that hold computed values, with the number of the node they were computed as. */
const computedAs = new WeakMap<Node, number>();

/** A leaf of the graph with the values of `node`. It does not hold on to what the values were computed from. */
export function leafOf(node: Node, values: TypedArray): Node {
  const leaf = ops.data(values, node.shape, node.dtype);
  computedAs.set(leaf, node.id);
  return leaf;
}

/** Whether `leaf` holds values that may have been computed from `node`: nodes are numbered in the order they are made. */
export function mayDescend(leaf: Node, node: Node): boolean {
  return (computedAs.get(leaf) ?? -1) > node.id;
}
