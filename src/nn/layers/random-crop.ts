import { arange, type Tensor } from "../../tensor/index.ts";
import { fail, show } from "../../util/index.ts";
import { checkCount, checkNumber } from "../checks.ts";
import { cropMiddle } from "../images/resize.ts";
import { sampleImages } from "../images/sample.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";
import { asFloat, checkImages, perImage } from "./random-image.ts";

export interface RandomCropOptions extends LayerOptions {
  /** Pixels put around the image before it is cut; default 0 (torchvision; 4 is usual for CIFAR). */
  padding?: number;
  /** Their value; default 0 (torchvision). */
  fillValue?: number;
}

/**
 * In training, a part [height, width] of each image, its place drawn for each; else the middle: [batch, h, w, channels] -> [batch, height,
 * width, channels]. Images that are smaller are resized until they fill it (Keras's RandomCrop; padding is torchvision's).
 *
 * @example
 * layers.randomCrop(32, 32, { padding: 4 });
 */
export function randomCrop(height: number, width: number, options: RandomCropOptions = {}): Layer {
  checkLayerOptions("randomCrop", options, ["padding", "fillValue"]);
  checkCount("randomCrop", "height", height);
  checkCount("randomCrop", "width", width);
  const { padding = 0, fillValue = 0 } = options;
  if (!Number.isInteger(padding) || padding < 0) fail(`randomCrop got padding = ${show(padding)}`, "0 or more pixels");
  checkNumber("randomCrop", "fillValue", fillValue);
  return defineLayer({
    kind: "randomCrop",
    options: { height, width, ...options },
    outputShape(input) {
      checkImages(input);
      return [height, width, input[2] ?? 1];
    },
    call(x, _, { training, key }) {
      const images = asFloat(x);
      const [rows = 1, columns = 1] = x.shape.slice(1);
      const [down, right] = [rows + 2 * padding - height, columns + 2 * padding - width];
      if (down < 0 || right < 0) return cropMiddle(images, [height, width]);
      if (!training && padding > 0) {
        const around = [padding, padding] as const;
        return cropMiddle(images.pad([[0, 0], around, around, [0, 0]], fillValue), [height, width]);
      }
      if (!training) return cropMiddle(images, [height, width]);
      // The first row and column, whole numbers from -padding.
      const start = (use: number, room: number): Tensor =>
        perImage(key, use, images, [0, room + 1])
          .floor()
          .clip(0, room)
          .sub(padding)
          .reshape([-1, 1, 1]);
      const row = start(0, down).add(arange(height).reshape([1, height, 1]));
      const column = start(1, right).add(arange(width).reshape([1, 1, width]));
      const fillMode = padding > 0 ? "constant" : "nearest";
      return sampleImages(images, row, column, { fillMode, fillValue, interpolation: "nearest" });
    },
  });
}
randomCrop.positional = ["height", "width"];
