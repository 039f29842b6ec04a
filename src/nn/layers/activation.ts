import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

/**
 * y = activation(x), any shape.
 *
 * @example
 * layers.activation({ kind: "gelu", approximate: true });
 */
export function activation(activation: ActivationSpec, options: LayerOptions = {}): Layer {
  checkLayerOptions("activation", options);
  const apply = resolveActivation(activation);
  return defineLayer({
    kind: "activation",
    options: { activation, ...options },
    stepwise: true,
    outputShape: (input) => input,
    call: (x) => apply(x),
  });
}
activation.positional = ["activation"];
