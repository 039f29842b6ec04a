import { where } from "../../tensor/index.ts";
import { checkWord } from "../checks.ts";
import { checkLayerOptions, type Layer, type LayerOptions } from "../layer.ts";
import { chosen, defineImageLayer } from "./random-image.ts";

/** Along which axes images are mirrored. */
export type FlipMode = "horizontal" | "vertical" | "horizontalAndVertical";

/**
 * In training, mirrors images, each with probability 1/2 along each axis of the mode: images [batch, height, width, channels] (Keras's
 * RandomFlip). The default mode is "horizontalAndVertical" (Keras).
 *
 * @example
 * layers.randomFlip("horizontal");
 */
export function randomFlip(mode: FlipMode = "horizontalAndVertical", options: LayerOptions = {}): Layer {
  checkLayerOptions("randomFlip", options);
  checkWord("randomFlip", "mode", mode, ["horizontal", "vertical", "horizontalAndVertical"]);
  return defineImageLayer({
    kind: "randomFlip",
    options: { mode, ...options },
    change(images, key) {
      let x = images;
      if (mode !== "vertical") x = where(chosen(key, 0, x, 0.5), x.flip(2), x);
      if (mode !== "horizontal") x = where(chosen(key, 1, x, 0.5), x.flip(1), x);
      return x;
    },
  });
}
randomFlip.positional = ["mode"];
