import type { NetworkGraph, SymbolicTensor } from "../../nn/index.ts";
import { product } from "../../util/index.ts";

/** How many weights the layers of a graph have, counted without making any. */
export function countWeights({ outputs }: NetworkGraph): { trainable: number; moving: number } {
  const count = { trainable: 0, moving: 0 };
  const seen = new Set<SymbolicTensor>();
  const counted = new Set<unknown>();
  const stack = [...outputs];
  for (let tensor = stack.pop(); tensor; tensor = stack.pop()) {
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    const { layer, inputs } = tensor.origin;
    stack.push(...inputs);
    if (counted.has(layer)) continue; // a layer that is used again shares its weights
    counted.add(layer);
    for (const [name, { shape, trainable }] of Object.entries(layer.weights(inputs.map((input) => input.shape)))) {
      if (layer.ties?.[name]) continue; // counted where it lies
      count[trainable ? "trainable" : "moving"] += product(shape);
    }
  }
  return count;
}
