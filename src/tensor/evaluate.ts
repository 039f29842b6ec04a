import type { Engine } from "../engine/index.ts";
import { DTYPES, type Node, type TypedArray, topologicalOrder } from "../ir/index.ts";
import { product } from "../util/index.ts";
import { nativeIfPresent, referenceEngine } from "./engines.ts";

/** Elementary operations above which compiling (some 0.3 s) beats interpreting (some 4e7 a second, on the event loop). */
const WORTH_COMPILING = 1e7;

/** About how many elementary operations computing a node takes. */
function work(node: Node): number {
  const size = product(node.shape);
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

async function chooseEngine(nodes: readonly Node[]): Promise<Engine> {
  let total = 0;
  for (const node of topologicalOrder(nodes)) total += work(node);
  return (total > WORTH_COMPILING ? await nativeIfPresent() : undefined) ?? referenceEngine;
}

/** Values of one-off expressions: answered at once by the reference engine, compiled only when that is quicker. */
export async function evaluateNodes(nodes: readonly Node[]): Promise<TypedArray[]> {
  const engine = await chooseEngine(nodes);
  const executable = await engine.compile({ name: "expression", inputs: [], state: [], outputs: nodes });
  const allocate =
    engine === referenceEngine
      ? (node: Node) => DTYPES[node.dtype].create(product(node.shape))
      : (node: Node) => engine.allocate(node.dtype, product(node.shape));
  const outputs = nodes.map(allocate);
  await executable.bind({ inputs: [], state: [], outputs })();
  return outputs;
}
