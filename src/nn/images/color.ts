import { concatenate, type Tensor, where } from "../../tensor/index.ts";

/** The values of black and of white. */
export type ValueRange = readonly [low: number, high: number];

/** Shares of red, green and blue in luma (ITU-R BT.601, as Keras and PyTorch have them). */
const LUMA = [0.2989, 0.587, 0.114] as const;

/** Gray of RGB images: [N, H, W, 3] -> [N, H, W, 1]. */
export function luma(images: Tensor): Tensor {
  const [red, green, blue] = channelsOf(images);
  return red.mul(LUMA[0]).add(green.mul(LUMA[1])).add(blue.mul(LUMA[2]));
}

/** image + delta (high - low), cut off at the range. `delta` [N, 1, 1, 1]. */
export function brightness(images: Tensor, delta: Tensor, [low, high]: ValueRange): Tensor {
  return images.add(delta.mul(high - low)).clip(low, high);
}

/** mean + factor (image - mean), mean over each channel of each image, cut off at the range. */
export function contrast(images: Tensor, factor: Tensor, [low, high]: ValueRange): Tensor {
  const mean = images.mean({ axis: [1, 2], keepdims: true });
  return images.sub(mean).mul(factor).add(mean).clip(low, high);
}

/** gray + factor (image - gray), cut off at the range: 0 leaves gray, 1 leaves the image. */
export function colorfulness(images: Tensor, factor: Tensor, [low, high]: ValueRange): Tensor {
  const gray = luma(images);
  return images.sub(gray).mul(factor).add(gray).clip(low, high);
}

/** Inverts what lies at or above the threshold: high + low - image, after adding `addition`; in the values of the range. */
export function solarize(images: Tensor, threshold: Tensor, addition: Tensor, [low, high]: ValueRange): Tensor {
  const raised = images.add(addition).clip(low, high);
  return where(raised.less(threshold), raised, raised.neg().add(low + high));
}

/** Keeps the upper `bits` of the 8 that each value has on the range; `bits` [N, 1, 1, 1], whole numbers from 1 to 8. */
export function posterize(images: Tensor, bits: Tensor, [low, high]: ValueRange): Tensor {
  const unit = 255 / (high - low);
  const step = bits.mul(-Math.LN2).exp().mul(256).round(); // 2^(8 - bits)
  const level = images.sub(low).mul(unit).add(1e-3).floor().div(step).floor().mul(step); // 1e-3: what rounding took
  return level.div(unit).add(low);
}

/** Hue of RGB images on the range turned by `turn` (of a whole turn), saturation multiplied by `saturation`, through HSV. */
export function shiftHsv(
  images: Tensor,
  change: { readonly turn?: Tensor; readonly saturation?: Tensor },
  [low, high]: ValueRange,
): Tensor {
  const unit = images.sub(low).div(high - low);
  const { hue, saturation, value } = toHsv(unit);
  const turned = change.turn ? hue.add(change.turn) : hue;
  const saturated = change.saturation ? saturation.mul(change.saturation).clip(0, 1) : saturation;
  return toRgb(turned, saturated, value)
    .mul(high - low)
    .add(low);
}

/** RGB in [0, 1] to hue (of a whole turn), saturation and value, [N, H, W, 1] each (Smith, 1978). */
export function toHsv(images: Tensor): { hue: Tensor; saturation: Tensor; value: Tensor } {
  const [red, green, blue] = channelsOf(images);
  const value = red.maximum(green).maximum(blue);
  const spread = value.sub(red.minimum(green).minimum(blue));
  const divisor = where(spread.greater(0), spread, 1);
  const hue = where(
    value.equal(red),
    green.sub(blue).div(divisor),
    where(value.equal(green), blue.sub(red).div(divisor).add(2), red.sub(green).div(divisor).add(4)),
  ).div(6);
  const saturation = where(value.greater(0), spread.div(where(value.greater(0), value, 1)), 0);
  return { hue: hue.sub(hue.floor()), saturation, value };
}

/** The inverse: channel n is value (1 - saturation max(0, min(k, 4 - k, 1))), k = n + 6 hue mod 6, n = 5, 3, 1. */
export function toRgb(hue: Tensor, saturation: Tensor, value: Tensor): Tensor {
  const channel = (n: number): Tensor => {
    const k = hue.mul(6).add(n);
    const around = k.sub(k.div(6).floor().mul(6));
    const share = around.minimum(around.neg().add(4)).clip(0, 1);
    return value.sub(value.mul(saturation).mul(share));
  };
  return concatenate([channel(5), channel(3), channel(1)], { axis: 3 });
}

function channelsOf(images: Tensor): [red: Tensor, green: Tensor, blue: Tensor] {
  const channel = (i: number) => images.slice(null, null, null, [i, i + 1]);
  return [channel(0), channel(1), channel(2)];
}
