import { fail, formatShape, type Shape } from "../../util/index.ts";
import { checkLayerOptions, defineMergeLayer, type Layer, type LayerOptions } from "../layer.ts";

/**
 * The sum of two or more inputs of one shape; axes of size 1 are repeated.
 *
 * @example
 * const x = layers.input({ shape: [16] });
 * const residual = layers.add()([x, layers.dense(16)(x)]);
 */
export function add(options: LayerOptions = {}): Layer {
  checkLayerOptions("add", options);
  return defineMergeLayer({
    kind: "add",
    options,
    stepwise: true,
    outputShape: broadcast,
    call: (inputs) => inputs.reduce((sum, x) => sum.add(x)),
  });
}

function broadcast(inputs: readonly Shape[]): Shape {
  const found = inputs.map(formatShape).join(" and ");
  if (inputs.length < 2) fail(`received ${inputs.length} input`, "two or more", "apply it to a list: add()([a, b])");
  const sum = inputs.reduce((a, b) => a.map((size, axis) => (size === 1 ? (b[axis] ?? 0) : size)));
  for (const shape of inputs) {
    const fits = shape.length === sum.length && shape.every((size, axis) => size === sum[axis] || size === 1);
    if (!fits)
      fail(`received samples of shapes ${found}`, "one shape", "bring them to one shape with dense() or conv2d()");
  }
  return sum;
}
