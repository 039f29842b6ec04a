import { type Tensor, where } from "../../tensor/index.ts";
import { luma, posterize, solarize, type ValueRange } from "./color.ts";
import { sharpen } from "./filter.ts";
import { autoContrast, equalize } from "./histogram.ts";
import type { Sampling } from "./sample.ts";
import { warp, warpMap } from "./warp.ts";

/** Changes of images that are chosen from at random (Cubuk et al., 2020). */
export const OPERATIONS = [
  "identity",
  "autoContrast",
  "equalize",
  "rotate",
  "solarize",
  "color",
  "posterize",
  "contrast",
  "brightness",
  "sharpness",
  "shearX",
  "shearY",
  "translateX",
  "translateY",
] as const;

export type Operation = (typeof OPERATIONS)[number];

/** What is done to each image, [N, 1, 1, 1] each. */
export interface Choice {
  /** Which of the operations: their number. */
  readonly operation: Tensor;
  /** How strongly: 0 leaves the image (but for those without strength), 1 is the most. */
  readonly strength: Tensor;
  /** 1 or -1: which way. */
  readonly sign: Tensor;
}

/** How far the operations go, and on what values. */
export interface OperationScale {
  readonly operations: readonly Operation[];
  readonly values: ValueRange;
  readonly sampling: Sampling;
  /** Shares of height and width that images are moved at most. */
  readonly move: number;
  /** Bits that posterizing leaves at least (strength 1), and 4 more at strength 0. */
  readonly leastBits: number;
}

/** Radians of a turn, pixels of a shear per pixel, and how much colors are changed, all at strength 1. */
const TURN = Math.PI / 6;
const SHEAR = 0.3;
const CHANGE = 0.9;

/** Images each changed by an operation of its own: computed in groups, and where it isn't chosen each leaves the image as it is. */
export function operate(images: Tensor, { operation, strength, sign }: Choice, scale: OperationScale): Tensor {
  const { operations, values, sampling, move, leastBits } = scale;
  const [low, high] = values;
  const [, height = 1, width = 1, channels = 1] = images.shape;
  const has = (...names: Operation[]) => names.some((name) => operations.includes(name));
  const is = (name: Operation) => operation.equal(operations.indexOf(name)); // (N, 1, 1, 1)
  const signed = strength.mul(sign);

  let x = images;
  if (has("rotate", "shearX", "shearY", "translateX", "translateY")) {
    const part = (name: Operation, most: number) => where(is(name), signed.mul(most), 0).reshape([-1, 1, 1]);
    const map = warpMap({
      angle: part("rotate", TURN),
      shear: [part("shearX", SHEAR), part("shearY", SHEAR)],
      shift: [part("translateY", move * height), part("translateX", move * width)],
    });
    x = warp(x, map, sampling);
  }
  if (has("color", "contrast", "brightness")) {
    // Away from gray, from the mean, from black.
    const mean = x.mean({ axis: [1, 2], keepdims: true });
    const gray = channels === 3 ? luma(x) : x;
    const from = where(is("color"), gray, where(is("contrast"), mean, low));
    const factor = where(is("color").logicalOr(is("contrast")).logicalOr(is("brightness")), signed.mul(CHANGE), 0);
    x = x.add(x.sub(from).mul(factor)).clip(low, high);
  }
  if (has("sharpness")) x = sharpen(x, where(is("sharpness"), signed.mul(CHANGE), 0).add(1), values);
  if (has("posterize")) {
    const bits = strength
      .mul(-4)
      .round()
      .add(leastBits + 4);
    x = where(is("posterize"), posterize(x, bits.maximum(1), values), x);
  }
  if (has("solarize")) {
    const threshold = strength.mul(low - high).add(high);
    x = where(is("solarize"), solarize(x, threshold, strength.mul(0), values), x);
  }
  if (has("autoContrast")) x = where(is("autoContrast"), autoContrast(x, values), x);
  if (has("equalize")) x = where(is("equalize"), equalize(x, values), x);
  return x;
}
