import type { RandomKey, Tensor } from "../../tensor/index.ts";
import { where } from "../../tensor/index.ts";
import { betaOf } from "../augmentations/beta.ts";
import { checkCount, checkFlag, checkNumber } from "../checks.ts";
import { OPERATIONS, type Operation, type OperationScale, operate } from "../images/operations.ts";
import { checkLayerOptions, type Layer } from "../layer.ts";
import { drawChoice } from "./rand-augment.ts";
import {
  type ColorOptions,
  defineImageLayer,
  type Factor,
  perImage,
  rangeOf,
  SAMPLING_OPTIONS,
  type SamplingOptions,
  samplingOf,
  upTo,
  valueRangeOf,
} from "./random-image.ts";

export interface AugMixOptions extends ColorOptions, SamplingOptions {
  /** Chains that are mixed; default 3 (the paper, Keras). */
  numChains?: number;
  /** Operations in a chain at most: a number from 1 to it is drawn for each image and chain; default 3 (the paper, Keras). */
  chainDepth?: number;
  /** How strong operations are, from 0 to 1, the paper's severity of 10; a single factor f draws from [0, f]; default 0.3 (the paper, Keras). */
  factor?: Factor;
  /** Of the distributions Dirichlet(alpha, ...) of the chains' shares and Beta(alpha, alpha) of all of them; default 1 (the paper, Keras). */
  alpha?: number;
  /** Color, contrast, brightness and sharpness among the operations; default true (Keras, torchvision; the paper: false). */
  allOps?: boolean;
}

/** Those that change colors alone; the paper leaves them to tests of robustness. */
const COLORS: readonly Operation[] = ["color", "contrast", "brightness", "sharpness"];

/**
 * In training, m image + (1 - m) sum over chains of w_i chain_i(image), for each image by itself: chains of up to three operations of
 * `randAugment`'s (moving by a third, posterization to 4 to 1 bits), w drawn from Dirichlet(alpha, ...), m from Beta(alpha, alpha)
 * (Hendrycks et al., "AugMix", 2020; Keras, torchvision).
 *
 * @example
 * layers.augMix({ factor: 0.3, allOps: false, valueRange: [0, 1] });
 */
export function augMix(options: AugMixOptions = {}): Layer {
  const kind = "augMix";
  const own = ["numChains", "chainDepth", "factor", "alpha", "allOps", "valueRange"];
  checkLayerOptions(kind, options, [...own, ...SAMPLING_OPTIONS]);
  const { numChains = 3, chainDepth = 3, alpha = 1, allOps = true } = options;
  checkCount(kind, "numChains", numChains);
  checkCount(kind, "chainDepth", chainDepth);
  checkNumber(kind, "alpha", alpha, 0.01, 100);
  checkFlag(kind, "allOps", allOps);
  const strengths = rangeOf(kind, "factor", options.factor ?? 0.3, [0, 1], upTo);
  const operations = OPERATIONS.filter((name) => name !== "identity" && (allOps || !COLORS.includes(name)));
  const scale: OperationScale = {
    operations,
    values: valueRangeOf(kind, options.valueRange),
    sampling: samplingOf(kind, options),
    move: 1 / 3,
    leastBits: 0,
  };

  const chain = (images: Tensor, key: RandomKey): Tensor => {
    const depth = perImage(key, 0, images, [1, chainDepth + 1]).floor();
    let x = images;
    for (let i = 0; i < chainDepth; i++) {
      const next = operate(x, drawChoice(key.fold(i + 1), images, operations.length, strengths), scale);
      x = i === 0 ? next : where(depth.greater(i), next, x);
    }
    return x;
  };
  return defineImageLayer({
    kind,
    options,
    change(images, key) {
      let mixed = images.mul(0);
      let left: Tensor | undefined; // the share that is still to be given: a stick, broken again and again
      for (let i = 0; i < numChains; i++) {
        const behind = numChains - 1 - i;
        const part = behind > 0 ? betaOf(perImage(key, i + 1, images, [0, 1]), alpha, behind * alpha) : undefined;
        const share = part ? (left ? left.mul(part) : part) : (left ?? 1);
        if (part)
          left = part
            .neg()
            .add(1)
            .mul(left ?? 1);
        mixed = mixed.add(chain(images, key.fold(numChains + 1 + i)).mul(share));
      }
      const kept = betaOf(perImage(key, 0, images, [0, 1]), alpha);
      return images.sub(mixed).mul(kept).add(mixed);
    },
  });
}
