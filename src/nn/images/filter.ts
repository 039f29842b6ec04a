import { arange, type Tensor, where } from "../../tensor/index.ts";
import type { ValueRange } from "./color.ts";

/**
 * Between a smoothed image and one sharper than the given: smooth + factor (image - smooth), factor 0 smooth, 1 as given, 2 sharp. Smooth
 * is the mean over 3x3 pixels in which the middle counts 5 times (Pillow's ImageEnhance); pixels at the border stay.
 *
 * @param factor [N, 1, 1, 1].
 */
export function sharpen(images: Tensor, factor: Tensor, [low, high]: ValueRange): Tensor {
  const [, height = 1, width = 1] = images.shape;
  if (height < 3 || width < 3) return images;
  const view = (i: number, j: number) => images.slice(null, [i, height - 2 + i], [j, width - 2 + j], null);
  const around = Array.from({ length: 9 }, (_, k) => view(Math.floor(k / 3), k % 3)).reduce((sum, each) =>
    sum.add(each),
  );
  const difference = view(1, 1).sub(around.add(view(1, 1).mul(4)).div(13)); // image - smooth
  const inner = difference.mul(factor.sub(1)).pad([
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
  return images.add(inner).clip(low, high);
}

/**
 * Each pixel the mean of those around, weighted by exp(-d^2 / 2 sigma^2), along rows and then columns; the image goes on as its
 * reflection without the border pixel (torchvision), so that flat places stay flat.
 *
 * @param size [height, width] of the window, odd. @param sigma [N, 1, 1, 1].
 */
export function gaussianBlur(images: Tensor, size: readonly [number, number], sigma: Tensor): Tensor {
  return blurAlong(blurAlong(images, 1, size[0], sigma), 2, size[1], sigma);
}

function blurAlong(images: Tensor, axis: 1 | 2, size: number, sigma: Tensor): Tensor {
  const reach = (size - 1) / 2;
  if (reach === 0) return images;
  const length = images.shape[axis] as number;
  const precision = sigma.square().mul(-2).reciprocal();
  const weights = Array.from({ length: reach + 1 }, (_, d) => precision.mul(d * d).exp()); // (N, 1, 1, 1) each
  const total = weights.slice(1).reduce((sum, each) => sum.add(each.mul(2)), weights[0] as Tensor);
  const moved = (d: number): Tensor => {
    const place = arange(length).add(d);
    const before = where(place.less(0), place.neg(), place);
    const after = where(before.greater(length - 1), before.neg().add(2 * (length - 1)), before);
    return images.take(after, { axis });
  };
  const pair = (d: number) => (d === 0 ? images : moved(-d).add(moved(d)));
  return weights
    .map((weight, d) => pair(d).mul(weight))
    .reduce((sum, each) => sum.add(each))
    .div(total);
}
