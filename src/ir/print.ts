import { formatShape } from "../util/index.ts";
import { BodyValue, Loop } from "./loop.ts";
import { type Node, topologicalOrder } from "./op.ts";

/**
 * The graph as text, one value a line in dependency order: `%2 = add(%0, %1) : float32 [2, 3]  # dense_1`. Numbers are positions in
 * the text, so equal graphs print equally. The body of a loop stands before its first result, indented.
 */
export function print(roots: readonly Node[]): string {
  const printer = new Printer();
  printer.graph(roots, "");
  return [...printer.lines, `return ${roots.map(printer.name).join(", ")}`].join("\n");
}

class Printer {
  readonly lines: string[] = [];
  private readonly numbers = new Map<Node, number>();
  private readonly loops = new Map<Loop, string>();

  readonly name = (node: Node): string => `%${this.numbers.get(node)}`;

  graph(roots: readonly Node[], indent: string): void {
    for (const node of topologicalOrder(roots)) {
      if (this.numbers.has(node)) continue;
      const { loop, value } = node.attributes;
      if (loop instanceof Loop) this.loop(loop, indent);
      if (value instanceof BodyValue) this.graph([value.node], `${indent}  `);
      this.numbers.set(node, this.numbers.size);
      const attributes = Object.entries(node.attributes).map(([key, each]) => `${key}=${this.attribute(each)}`);
      const call = [...node.inputs.map(this.name), ...attributes].join(", ");
      const scope = node.scope === "" ? "" : `  # ${node.scope}`;
      const type = `${node.dtype} ${formatShape(node.shape)}`;
      this.lines.push(`${indent}${this.name(node)} = ${node.op.name}(${call}) : ${type}${scope}`);
    }
  }

  private loop(loop: Loop, indent: string): void {
    if (this.loops.has(loop)) return;
    const { carries, slices, constants, next, length, reverse } = loop;
    const name = `L${this.loops.size}`;
    this.loops.set(loop, name);
    const list = (nodes: readonly Node[]) => nodes.map(this.name).join(", ");
    const at = this.lines.length;
    this.graph([...carries, ...slices, ...constants, ...next], `${indent}  `);
    const given = [carries, slices, constants].map(list).join("; ");
    this.lines.splice(at, 0, `${indent}${name} = loop of ${length}${reverse ? " reversed" : ""} (${given}):`);
    this.lines.push(`${indent}  next ${list(next)}`);
  }

  private attribute(value: unknown): string {
    if (value instanceof Loop) return this.loops.get(value)!;
    if (value instanceof BodyValue) return this.name(value.node);
    return ArrayBuffer.isView(value) ? `<${(value as Uint8Array).length} elements>` : JSON.stringify(value);
  }
}
