import { givenTensor, type Tensor, zeros } from "../../tensor/index.ts";
import { fail, formatShape, type Shape } from "../../util/index.ts";
import { checkLayerOptions, defineMergeLayer, type Layer, type LayerOptions } from "../layer.ts";

/**
 * A function of tensors as a layer; it gets one tensor per input, the batch first, and keeps the batch. Its output's
 * shape is found by calling it. A model with it can be saved once the layer comes from `registerLayer`.
 *
 * @example
 * layers.lambda((x) => x.mul(2).sub(1));
 */
export function lambda(f: (...inputs: Tensor[]) => Tensor, options: LayerOptions = {}): Layer {
  checkLayerOptions("lambda", options);
  if (typeof f !== "function") fail("lambda got no function", "a function of tensors");
  return defineMergeLayer({
    kind: "lambda",
    options: { function: f, ...options },
    outputShape: (inputs) => traced(f, inputs),
    call: (inputs) => f(...inputs),
  });
}
lambda.positional = ["function"];

/** The shape that `f` gives for a batch of two; nothing is computed. */
function traced(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Shape[]): Shape {
  const output = givenTensor(f(...inputs.map((shape) => zeros([2, ...shape]))), "");
  const [batch, ...sample] = output.shape;
  if (batch === 2) return sample;
  fail(
    `turned a batch of 2 samples of shape ${inputs.map(formatShape).join(" and ")} into ${formatShape(output.shape)}`,
    "an output whose first axis is the batch",
  );
}
