import { formatShape } from "../util/index.ts";
import { type Node, topologicalOrder } from "./op.ts";

/**
 * The graph as text, one value a line in dependency order: `%2 = add(%0, %1) : float32 [2, 3]  # dense_1`. Numbers are positions in
 * the text, so equal graphs print equally.
 */
export function print(roots: readonly Node[]): string {
  const order = topologicalOrder(roots);
  const number = new Map(order.map((node, i) => [node, i]));
  const name = (node: Node) => `%${number.get(node)}`;
  const lines = order.map((node) => {
    const inputs = node.inputs.map(name).join(", ");
    const attributes = Object.entries(node.attributes).map(([key, value]) => `${key}=${printAttribute(value)}`);
    const call = [inputs, ...attributes].filter((part) => part !== "").join(", ");
    const scope = node.scope === "" ? "" : `  # ${node.scope}`;
    return `${name(node)} = ${node.op.name}(${call}) : ${node.dtype} ${formatShape(node.shape)}${scope}`;
  });
  return [...lines, `return ${roots.map(name).join(", ")}`].join("\n");
}

function printAttribute(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `<${(value as Uint8Array).length} elements>`;
  return JSON.stringify(value);
}
