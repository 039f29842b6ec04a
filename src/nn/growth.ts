import type { LayerDefinition } from "./definition.ts";
import { type SymbolicTensor, topologicalOrder } from "./graph.ts";

/** What changes and what stays while one input of a network grows, place by place. */
export interface Growth {
  /** What depends on that input. */
  readonly grows: ReadonlySet<SymbolicTensor>;
  /** What does not, and is used by what does: it need be computed once only. */
  readonly settled: readonly SymbolicTensor[];
}

/** Of the network that gives these outputs. */
export function growthOf(outputs: readonly SymbolicTensor[], input: SymbolicTensor): Growth {
  const grows = new Set([input]);
  const settled = new Set<SymbolicTensor>();
  for (const symbol of topologicalOrder(outputs)) {
    const { inputs } = symbol.origin;
    if (!inputs.some((each) => grows.has(each))) continue;
    grows.add(symbol);
    for (const each of inputs) if (!grows.has(each)) settled.add(each);
  }
  for (const output of outputs) if (!grows.has(output)) settled.add(output);
  return { grows, settled: [...settled] };
}

/** Whether a layer can go through a sequence part by part, some of its inputs growing. */
export function goesStepwise({ stepwise }: LayerDefinition, growing: readonly boolean[]): boolean {
  return typeof stepwise === "function" ? stepwise(growing) : stepwise === true;
}
