import { type RandomKey, type Tensor, where } from "../../tensor/index.ts";
import { fail, formatShape } from "../../util/index.ts";
import { boxMask } from "../images/box.ts";
import { type Augment, mixed, partners } from "./augmentation.ts";
import { shareOf } from "./mix-up.ts";

export interface CutMixOptions {
  /** Parameter of the Beta distribution of the share that remains; default 1: uniform (Yun et al., 2019). */
  alpha?: number;
}

/**
 * Every image gets a rectangle of another one of the batch, whose area is 1 - share, share from Beta(alpha, alpha); targets are mixed by the
 * pixels that each image has (Yun et al., "CutMix", 2019; Keras's CutMix, whose rectangles lie inside of the image). Targets must be numbers
 * that can be mixed: one-hot rows, not class numbers.
 *
 * @example
 * const augment = augmentations.cutMix();
 */
export function cutMix(options: CutMixOptions = {}): Augment {
  const share = shareOf("cutMix", options, 1);
  /** The pixels that come from the partner, [batch, height, width, 1]. */
  const cut = (x: Tensor, key: RandomKey): Tensor => {
    const [batch = 1, height = 1, width = 1] = x.shape;
    if (x.rank !== 4)
      fail(`cutMix got inputs of shape ${formatShape(x.shape)}`, "images [batch, height, width, channels]");
    const side = share(key, batch).neg().add(1).sqrt().reshape([batch, 1, 1, 1]);
    const place = (use: number) => key.fold(use).uniform([batch, 1, 1, 1]);
    return boxMask([height, width], [side, side], [place(2), place(3)]);
  };
  const augment: Augment = (x, key) => {
    const images = x.dtype === "float32" ? x : x.cast("float32");
    return where(cut(x, key), images.take(partners(x.shape[0] ?? 1, key.fold(1))), images);
  };
  return Object.assign(augment, {
    targets: (y: Tensor, key: RandomKey, x: Tensor) => {
      const foreign = cut(x, key)
        .cast("float32")
        .mean({ axis: [1, 2, 3] });
      return mixed(y, foreign.neg().add(1), partners(y.shape[0] ?? 1, key.fold(1)));
    },
  });
}
