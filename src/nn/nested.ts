import { fail, formatShape, sameShape } from "../util/index.ts";
import { type Nested, type NestedCall, SymbolicTensor } from "./graph.ts";
import type { NetworkStructure } from "./structure.ts";

/**
 * Applies a network as if it were a layer: all of its layers once more, to other tensors. They keep their identity, and so
 * their weights.
 *
 * @throws DescentError when the tensors are not such as the network's inputs.
 */
export function applyNested(
  nested: Nested,
  structure: NetworkStructure,
  inputs: readonly SymbolicTensor[],
): readonly SymbolicTensor[] {
  const what = nested.name === undefined ? "a model" : `the model "${nested.name}"`;
  if (inputs.length !== structure.inputs.length || !inputs.every((input) => input instanceof SymbolicTensor)) {
    fail(
      `${what} was applied to ${inputs.length} tensors`,
      `${structure.inputs.length} of them: ${structure.inputNames.join(", ")}`,
      "apply it to layers.input({ shape }), or to what layers gave; for numbers there is predict",
    );
  }
  structure.inputs.forEach(({ shape, dtype }, i) => {
    const given = inputs[i] as SymbolicTensor;
    if (sameShape(shape, given.shape) && dtype === given.dtype) return;
    fail(
      `${what} received samples of ${given.dtype} ${formatShape(given.shape)}`,
      `${dtype} ${formatShape(shape)} for its input ${structure.inputNames[i]}`,
    );
  });
  const outputs: SymbolicTensor[] = [];
  const call: NestedCall = { nested, inputs, outputs };
  const tensors = new Map(structure.inputs.map((input, i) => [input, inputs[i] as SymbolicTensor]));
  const tensorFor = (symbol: SymbolicTensor) => tensors.get(symbol) ?? fail("a tensor is used before it is computed");
  for (const symbol of structure.order) {
    if (tensors.has(symbol)) continue;
    const { layer, inputs } = symbol.origin;
    const origin = { layer, inputs: inputs.map(tensorFor), nested: call };
    tensors.set(symbol, new SymbolicTensor(symbol.shape, symbol.dtype, origin));
  }
  outputs.push(...structure.outputs.map(tensorFor));
  return outputs;
}
