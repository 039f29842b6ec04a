import { concatenate } from "../tensor/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { defineWrapper, type WrapperOptions, wrapperOptions } from "./wrapper.ts";

/** Options of {@link gradientCentralization}. */
export type GradientCentralizationOptions = WrapperOptions;

/**
 * Gradient centralization (Yong et al., 2020): the gradient of each weight of two axes or more loses, for each output (the last
 * axis), its mean over all other axes.
 *
 *     gradient <- gradient - mean(gradient)
 *
 * @example
 * const optimizer = optimizers.gradientCentralization({ optimizer: "sgd" });
 */
export function gradientCentralization(options: GradientCentralizationOptions): Optimizer {
  const { inner } = wrapperOptions("gradientCentralization", options, {});
  return defineWrapper({
    kind: "gradientCentralization",
    source: "Yong et al., 2020",
    inner,
    options: {},
    slots: {},
    changesGradient: true,
    update({ gradient, segments }, innerStep) {
      const parts = segments.map(({ offset, size, shape }) => {
        const flat = gradient.slice([offset, offset + size]);
        if (shape.length < 2) return flat;
        const columns = shape.at(-1) as number;
        const matrix = flat.reshape([size / columns, columns]);
        return matrix.sub(matrix.mean({ axis: 0, keepdims: true })).flatten();
      });
      const next = innerStep({ gradient: concatenate(parts) });
      return { parameter: next.parameter, slots: {}, inner: next.slots };
    },
  });
}
