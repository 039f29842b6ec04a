import type { Tensor } from "../../tensor/index.ts";
import { fail, product } from "../../util/index.ts";
import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkCount } from "../checks.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";

export interface DenseOptions extends LayerOptions {
  /** Default "linear" (Keras). */
  activation?: ActivationSpec;
  /** Default true (Keras). */
  useBias?: boolean;
  /** Default "glorotUniform" (Keras; Glorot & Bengio, 2010). */
  kernelInitializer?: InitializerSpec;
  /** Default "zeros" (Keras). */
  biasInitializer?: InitializerSpec;
}

/**
 * y = activation(x kernel + bias): [batch, ..., in] -> [batch, ..., units], along the last axis.
 * Weights: kernel [in, units], bias [units].
 *
 * @example
 * layers.dense(10, { activation: "softmax" });
 */
export function dense(units: number, options: DenseOptions = {}): Layer {
  checkLayerOptions("dense", options, ["activation", "useBias", "kernelInitializer", "biasInitializer"]);
  checkCount("dense", "units", units);
  const { useBias = true } = options;
  const kernelInitializer = resolveInitializer(options.kernelInitializer ?? "glorotUniform");
  const biasInitializer = resolveInitializer(options.biasInitializer ?? "zeros");
  const activation = resolveActivation(options.activation);

  return defineLayer({
    kind: "dense",
    options: { units, ...options },
    stepwise: true,
    outputShape(input) {
      if (input.length === 0) fail("received single numbers, shape []", "features [in]", "put reshape([1]) before it");
      return [...input.slice(0, -1), units];
    },
    weights: (input) => ({
      kernel: trainable([input.at(-1) ?? 1, units], kernelInitializer),
      bias: useBias ? trainable([units], biasInitializer) : undefined,
    }),
    call: (x, { kernel, bias }) => finish(matmul(x, kernel), bias),
    callChanged: (x, { kernel, bias }, { a, b }) => finish(matmul(x, kernel).add(matmul(matmul(x, a), b)), bias),
  });

  function finish(product: Tensor, bias: Tensor | undefined): Tensor {
    return activation(bias ? product.add(bias) : product);
  }
}
dense.positional = ["units"];

/** x kernel along the last axis, as one product of matrices. */
export function matmul(x: Tensor, kernel: Tensor): Tensor {
  if (x.rank === 2) return x.matmul(kernel);
  const rows = x.shape.slice(0, -1); // [batch, ...]
  return x
    .reshape([product(rows), x.shape.at(-1) ?? 1])
    .matmul(kernel)
    .reshape([...rows, kernel.shape[1] ?? 1]);
}
