import { where } from "../../tensor/index.ts";
import { checkNumber } from "../checks.ts";
import { perspectiveMap, warp } from "../images/warp.ts";
import { checkLayerOptions, type Layer } from "../layer.ts";
import {
  checkProbability,
  chosen,
  defineImageLayer,
  type Factor,
  perImage,
  SAMPLING_OPTIONS,
  type SamplingOptions,
  samplingOf,
} from "./random-image.ts";

export interface RandomPerspectiveOptions extends SamplingOptions {
  /** The probability that an image is changed; default 1 (Keras). */
  factor?: Factor;
  /** How far corners move at most, as a share of half the image's size, from 0 to 1; default 0.3 (Keras). */
  scale?: number;
}

/**
 * In training, each image as a camera sees it from the side: every corner of the output shows a point inside of the image, up to scale
 * of half its height and width away from the corner; the rest follows by the projection that has these four points (Heckbert, 1989).
 *
 * @example
 * layers.randomPerspective({ scale: 0.2 });
 */
export function randomPerspective(options: RandomPerspectiveOptions = {}): Layer {
  const kind = "randomPerspective";
  checkLayerOptions(kind, options, ["factor", "scale", ...SAMPLING_OPTIONS]);
  const { factor = 1, scale = 0.3 } = options;
  checkProbability(kind, "factor", factor);
  checkNumber(kind, "scale", scale, 0, 1);
  const how = samplingOf(kind, options);
  return defineImageLayer({
    kind,
    options,
    change(images, key) {
      const [, height = 1, width = 1] = images.shape;
      const [down, right] = [(height - 1) / 2, (width - 1) / 2];
      const corners = [
        [-down, -right],
        [-down, right],
        [down, right],
        [down, -right],
      ] as const;
      const inward = (use: number) => perImage(key, use, images, [1 - scale, 1]).reshape([-1, 1, 1]);
      const points = corners.map(
        ([row, column], i) => [inward(2 * i).mul(row), inward(2 * i + 1).mul(column)] as const,
      );
      const seen = warp(images, perspectiveMap([height, width], points), how);
      return factor === 1 ? seen : where(chosen(key, 8, images, factor), seen, images);
    },
  });
}
