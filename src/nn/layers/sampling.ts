import { fail, formatShape, product, sameShape } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";
import { checkLayerOptions, defineMergeLayer, type Layer, type LayerOptions } from "../layer.ts";

export interface SamplingLayerOptions extends LayerOptions {
  /** What the divergence counts in the loss; default 1, the paper's bound; others are beta-VAEs (Higgins et al., 2017). */
  klWeight?: number;
}

/**
 * In training, z = mean + exp(logVariance / 2) noise, noise normal with mean 0 and deviation 1; else z = mean (Kingma & Welling, "Auto-encoding
 * variational Bayes", 2013). Applied to [mean, logVariance], of one shape [batch, ...]: gives z of that shape. Adds to the loss the divergence
 * from the standard normal distribution, 1/2 sum (mean^2 + exp(logVariance) - 1 - logVariance), per sample.
 *
 * @example
 * const [mean, logVariance] = [layers.input({ shape: [2] }), layers.input({ shape: [2] })];
 * const z = layers.sampling({ klWeight: 0.5 })([mean, logVariance]);
 */
export function sampling(options: SamplingLayerOptions = {}): Layer {
  checkLayerOptions("sampling", options, ["klWeight"]);
  const { klWeight = 1 } = options;
  checkNumber("sampling", "klWeight", klWeight, 0);
  return defineMergeLayer({
    kind: "sampling",
    options,
    outputShape(inputs) {
      const [mean, logVariance] = inputs;
      if (mean && logVariance && inputs.length === 2 && sameShape(mean, logVariance)) return mean;
      fail(`received samples of shapes ${inputs.map(formatShape).join(" and ")}`, "[mean, logVariance] of one shape");
    },
    call([mean, logVariance], _, { training, key, addLoss }) {
      if (!mean || !logVariance) fail("received fewer than two inputs");
      if (klWeight > 0) {
        const rows = [mean.shape[0] ?? 1, product(mean.shape.slice(1))];
        const divergence = mean
          .square()
          .add(logVariance.exp())
          .sub(1)
          .sub(logVariance)
          .mul(klWeight / 2);
        addLoss(divergence.reshape(rows).sum({ axis: 1 }));
      }
      return training ? mean.add(logVariance.mul(0.5).exp().mul(key.normal(mean.shape))) : mean;
    },
  });
}
