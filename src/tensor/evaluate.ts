import { bodyValueOf, loopOf, type Node, type TypedArray, topologicalOrder } from "../ir/index.ts";
import { product } from "../util/index.ts";
import { engineForExpressions, referenceEngine } from "./engines.ts";

/** Elementary operations above which generating code (a millisecond) beats interpreting (some 4e7 a second). */
const WORTH_GENERATING = 2e4;

/** About how many elementary operations computing a node takes. */
function work(node: Node): number {
  const size = product(node.shape);
  const loop = loopOf(node);
  if (loop) {
    const body = topologicalOrder([bodyValueOf(node) ?? [], loop.next].flat());
    return size + loop.length * body.reduce((total, each) => total + work(each), 0);
  }
  if (node.op.family === "reduce") return product(node.inputs[0]!.shape);
  if (node.op.family !== "contraction") return size;
  const [a, b] = node.inputs as [Node, Node];
  switch (node.op.kind) {
    case "matmul":
      return size * a.shape.at(-1)!;
    case "conv":
      return size * product(b.shape.slice(0, -1));
    case "convInput":
      return product(a.shape) * product(b.shape.slice(0, -1));
    case "convWeight":
      return product(b.shape) * product(node.shape.slice(0, -1));
  }
}

/** Values of one-off expressions, in plain arrays of their own. */
export async function evaluateNodes(nodes: readonly Node[]): Promise<TypedArray[]> {
  let total = 0;
  for (const node of topologicalOrder(nodes)) total += work(node);
  const engine = total < WORTH_GENERATING ? referenceEngine : await engineForExpressions(total);
  const executable = await engine.compile({ name: "expression", inputs: [], state: [], outputs: nodes });
  const outputs = nodes.map((node) => engine.allocate(node.dtype, product(node.shape)));
  await executable.bind({ inputs: [], state: [], outputs })();
  return outputs.map(ownArray);
}

/** The array, or a copy of what is but a part of an engine's memory. */
export function ownArray(array: TypedArray): TypedArray {
  return array.buffer.byteLength <= array.byteLength + 64 ? array : array.slice();
}
