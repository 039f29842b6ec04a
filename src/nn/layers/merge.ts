import type { Tensor } from "../../tensor/index.ts";
import { fail, formatShape, type Shape } from "../../util/index.ts";
import { checkLayerOptions, defineMergeLayer, type Layer, type LayerOptions } from "../layer.ts";
import { sharedMask } from "../merged-mask.ts";

/**
 * The sum of two or more inputs of one shape; axes of size 1 are repeated. Of padded sequences those places count that do in all of them.
 *
 * @example
 * const x = layers.input({ shape: [16] });
 * const residual = layers.add()([x, layers.dense(16)(x)]);
 */
export function add(options: LayerOptions = {}): Layer {
  return merge("add", options, (a, b) => a.add(b));
}

/**
 * The first of two inputs minus the second, of one shape; axes of size 1 are repeated.
 *
 * @example
 * const [a, b] = [layers.input({ shape: [16] }), layers.input({ shape: [16] })];
 * const difference = layers.subtract()([a, b]);
 */
export function subtract(options: LayerOptions = {}): Layer {
  return merge("subtract", options, (a, b) => a.sub(b), 2);
}

/**
 * The product, element by element, of two or more inputs of one shape; axes of size 1 are repeated.
 *
 * @example
 * const [x, gate] = [layers.input({ shape: [8, 8, 4] }), layers.input({ shape: [1, 1, 4] })];
 * const gated = layers.multiply()([x, gate]);
 */
export function multiply(options: LayerOptions = {}): Layer {
  return merge("multiply", options, (a, b) => a.mul(b));
}

/** The mean, element by element, of two or more inputs of one shape; axes of size 1 are repeated. */
export function average(options: LayerOptions = {}): Layer {
  return merge(
    "average",
    options,
    (a, b) => a.add(b),
    undefined,
    (sum, count) => sum.mul(1 / count),
  );
}

/** The largest, element by element, of two or more inputs of one shape; axes of size 1 are repeated. */
export function maximum(options: LayerOptions = {}): Layer {
  return merge("maximum", options, (a, b) => a.maximum(b));
}

/** The smallest, element by element, of two or more inputs of one shape; axes of size 1 are repeated. */
export function minimum(options: LayerOptions = {}): Layer {
  return merge("minimum", options, (a, b) => a.minimum(b));
}

/** A layer that folds its inputs, two by two from the left; `count` when it takes so many and no more. */
function merge(
  kind: string,
  options: LayerOptions,
  fold: (a: Tensor, b: Tensor) => Tensor,
  count?: number,
  finish: (folded: Tensor, count: number) => Tensor = (folded) => folded,
): Layer {
  checkLayerOptions(kind, options);
  return defineMergeLayer({
    kind,
    options,
    stepwise: true,
    mask: sharedMask,
    outputShape(inputs) {
      if (inputs.length < 2 || (count !== undefined && inputs.length !== count)) {
        const found = `received ${inputs.length} input${inputs.length === 1 ? "" : "s"}`;
        fail(found, count === 2 ? "two" : "two or more", `apply it to a list: ${kind}()([a, b])`);
      }
      return broadcast(inputs);
    },
    call: (inputs) => finish(inputs.reduce(fold), inputs.length),
  });
}

function broadcast(inputs: readonly Shape[]): Shape {
  const sum = inputs.reduce((a, b) => a.map((size, axis) => (size === 1 ? (b[axis] ?? 0) : size)));
  for (const shape of inputs) {
    const fits = shape.length === sum.length && shape.every((size, axis) => size === sum[axis] || size === 1);
    const found = inputs.map(formatShape).join(" and ");
    if (!fits)
      fail(`received samples of shapes ${found}`, "one shape", "bring them to one shape with dense() or conv2d()");
  }
  return sum;
}
