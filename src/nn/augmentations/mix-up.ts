import { checkOptions, fail, show } from "../../util/index.ts";
import { type Augment, mixed, partners } from "./augmentation.ts";
import { betaOf } from "./beta.ts";

export interface MixUpOptions {
  /** Parameter of the Beta distribution of the shares: the greater, the more even the mixtures; default 0.2 (Keras; Zhang et al.). */
  alpha?: number;
}

/**
 * Every sample becomes share x + (1 - share) x', and its target likewise, x' being another sample of the batch and the share drawn from
 * Beta(alpha, alpha) (Zhang et al., "mixup", 2018; Keras's MixUp). Targets must be numbers that can be mixed: one-hot rows, not class
 * numbers.
 *
 * @example
 * const augment = augmentations.mixUp({ alpha: 0.4 });
 */
export function mixUp(options: MixUpOptions = {}): Augment {
  const share = shareOf("mixUp", options, 0.2);
  const mix: Augment = (x, key) => {
    const [batch = 1] = x.shape;
    return mixed(x, share(key, batch), partners(batch, key.fold(1)));
  };
  return Object.assign(mix, { targets: mix });
}

/** Shares [batch] from Beta(alpha, alpha). */
export function shareOf(kind: string, options: { alpha?: number }, standard: number) {
  checkOptions(kind, options, ["alpha"]);
  const { alpha = standard } = options;
  if (!(alpha >= 0.01 && alpha <= 100)) fail(`${kind} got alpha = ${show(alpha)}`, "a number from 0.01 to 100");
  return (key: Parameters<Augment>[1], batch: number) => betaOf(key.fold(0).uniform([batch]), alpha);
}
