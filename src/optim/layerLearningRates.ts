import { fail, show } from "../util/index.ts";
import { checkNames, isNamed, perElement } from "./named-weights.ts";
import { numberOption, type Optimizer } from "./optimizer.ts";
import { defineWrapper, type WrapperOptions, wrapperOptions } from "./wrapper.ts";

/** Options of {@link layerLearningRates}. */
export interface LayerLearningRatesOptions extends WrapperOptions {
  /**
   * What the learning rate is multiplied by, for layers ("dense_1"), weights ("bias") or both ("dense_1/kernel"); 0 or more.
   * Where several names fit, the longest counts; weights without a name here keep the rate.
   */
  rates: Readonly<Record<string, number>>;
}

/**
 * A learning rate of its own for some layers (as PyTorch's parameter groups; Howard and Ruder, "Universal Language Model
 * Fine-tuning", 2018: discriminative fine-tuning):
 *
 *     parameter <- inner step with learningRate * rates[its name]
 *
 * @throws DescentError when the model is compiled and has no weight of such a name.
 * @example
 * const optimizer = optimizers.layerLearningRates({ optimizer: "adam", rates: { dense_1: 0.1, bias: 2 } });
 */
export function layerLearningRates(options: LayerLearningRatesOptions): Optimizer {
  const kind = "layerLearningRates";
  const { inner, all } = wrapperOptions(kind, options, { rates: undefined });
  const { rates } = all;
  if (!rates || typeof rates !== "object") fail(`${kind}: rates is ${show(rates)}`, "{ dense_1: 0.1 }");
  const entries = Object.entries(rates).sort(([a], [b]) => b.length - a.length); // the longest first
  for (const [name, rate] of entries) numberOption(kind, `rates["${name}"]`, rate, 0);
  return defineWrapper({
    kind,
    source: "Howard and Ruder, 2018",
    inner,
    options: { rates: { ...rates } },
    slots: {},
    check: (segments) =>
      checkNames(
        `${kind}: rates`,
        entries.map(([name]) => name),
        segments,
      ),
    update({ learningRate, segments }, innerStep) {
      const factors = perElement(segments, (segment) => entries.find(([name]) => isNamed(segment, name))?.[1] ?? 1);
      const next = innerStep({ learningRate: learningRate.mul(factors) });
      return { parameter: next.parameter, slots: {}, inner: next.slots };
    },
  });
}
