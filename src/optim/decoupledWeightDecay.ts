import { fail, show } from "../util/index.ts";
import { checkNames, isNamed, perElement } from "./named-weights.ts";
import { flagOption, numberOption, type Optimizer } from "./optimizer.ts";
import { defineWrapper, type WrapperOptions, wrapperOptions } from "./wrapper.ts";

/** Options of {@link decoupledWeightDecay}. */
export interface DecoupledWeightDecayOptions extends WrapperOptions {
  /** Part of the parameter taken away per step, times the learning rate; default 0.01 (PyTorch `AdamW`; Keras 0.004). */
  rate?: number | undefined;
  /** Layers ("dense_1"), weights ("bias") or both ("dense_1/kernel") that do not decay; default none. */
  exclude?: readonly string[] | undefined;
  /** Decay weights of less than two axes (biases, scales of normalizations) too; default true (PyTorch, Keras). */
  vectors?: boolean | undefined;
}

/**
 * Decoupled weight decay (Loshchilov and Hutter, 2019) for any optimizer, with exclusions (as Keras's `exclude_from_weight_decay`):
 *
 *     parameter <- inner step from parameter * (1 - learningRate * rate)
 *
 * @throws DescentError when the model is compiled and has no weight of an excluded name.
 * @example
 * const optimizer = optimizers.decoupledWeightDecay({ optimizer: "adam", rate: 0.05, vectors: false });
 */
export function decoupledWeightDecay(options: DecoupledWeightDecayOptions): Optimizer {
  const kind = "decoupledWeightDecay";
  const { inner, all } = wrapperOptions(kind, options, { rate: 0.01, exclude: [], vectors: true });
  const rate = numberOption(kind, "rate", all.rate, 0);
  const vectors = flagOption(kind, "vectors", all.vectors);
  const exclude = all.exclude ?? [];
  if (!Array.isArray(exclude) || exclude.some((name) => typeof name !== "string")) {
    fail(`${kind}: exclude is ${show(exclude)}`, 'a list of names such as ["bias", "dense_1/kernel"]');
  }
  return defineWrapper({
    kind,
    source: "Loshchilov and Hutter, 2019",
    inner,
    options: { rate, exclude: [...exclude], vectors },
    slots: {},
    writes: true,
    check: (segments) => checkNames(`${kind}: exclude`, exclude, segments),
    update({ parameter, learningRate, segments }, innerStep) {
      const lost = perElement(segments, (segment) => {
        const decays = (vectors || segment.shape.length > 1) && !exclude.some((name) => isNamed(segment, name));
        return decays ? -rate : 0;
      });
      const next = innerStep({ parameter: parameter.mul(learningRate.mul(lost).add(1)) });
      return { parameter: next.parameter, slots: {}, inner: next.slots };
    },
  });
}
