import { fail } from "../util/index.ts";
import { type NetworkGraph, SymbolicTensor } from "./graph.ts";
import type { Layer } from "./layer.ts";
import { input } from "./layers/index.ts";
import { Network } from "./network.ts";

/**
 * The graph of layers one after the other. It begins with layers.input({ shape }), or with a layer that has inputShape.
 *
 * @example
 * const graph = chain([layers.dense(10, { inputShape: [2] }), layers.dense(1)]);
 *
 * @throws DescentError when the input's shape is not known, or a layer can't take what the one before gives.
 */
export function chain(parts: readonly (Layer | Network | SymbolicTensor)[]): NetworkGraph {
  const [first] = parts;
  if (first === undefined) fail("a sequential model got no layers", "at least one");
  const start = first instanceof SymbolicTensor ? first : declaredInput(first);
  let end = start;
  parts.forEach((part, i) => {
    if (part === start) return;
    if (typeof part !== "function" || !(part instanceof Network || part.definition)) {
      fail(
        `part ${i + 1} of a sequential model is no layer`,
        "layers such as layers.dense(10); an input only comes first",
        typeof part === "function" ? "make it a layer: layers.lambda((x) => ...)" : undefined,
      );
    }
    end = part(end);
  });
  return { inputs: [start], outputs: [end] };
}

/** The input that the first layer asks for: int32 for one that looks numbers up, texts for one that reads them. */
function declaredInput(layer: Layer | Network): SymbolicTensor {
  if (layer instanceof Network) {
    const [first] = layer.inputs;
    return input({ shape: first?.shape ?? [], dtype: first?.dtype ?? "float32" });
  }
  const shape = declaredShape(layer);
  if (layer.definition.texts) return input({ shape, dtype: "string" });
  return input(layer.definition.indices === undefined ? { shape } : { shape, dtype: "int32" });
}

function declaredShape(layer: Layer) {
  if (typeof layer !== "function" || !layer.definition) {
    fail("part 1 of a sequential model is no layer", "layers such as layers.dense(10), or layers.input({ shape })");
  }
  const { kind, inputShape } = layer.definition;
  if (inputShape) return inputShape;
  fail(
    `the first layer of a sequential model, ${kind}, does not know the shape of its input`,
    "inputShape: the shape of one sample, without the batch",
    `layers.${kind}(..., { inputShape: [features] })`,
  );
}
