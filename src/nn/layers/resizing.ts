import { fail } from "../../util/index.ts";
import { checkCount, checkNumber, checkWord } from "../checks.ts";
import { cropMiddle, fillImages, type ResizeInterpolation, resizeImages } from "../images/resize.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";
import { asFloat, checkImages } from "./random-image.ts";

export interface ResizingOptions extends LayerOptions {
  /** Default "bilinear" (Keras). "bicubic" has the kernel of TensorFlow and JAX (a = -1/2). */
  interpolation?: ResizeInterpolation;
  /** Widen the kernel where images shrink, so that no pixel is skipped; default false (Keras). */
  antialias?: boolean;
  /** Cut the middle part with the target's aspect ratio out of the image first; default false (Keras). */
  cropToAspectRatio?: boolean;
  /** Put `fillValue` around the image until it has the target's aspect ratio; default false (Keras). */
  padToAspectRatio?: boolean;
  /** Default 0 (Keras). */
  fillValue?: number;
}

/**
 * Images of another size: [batch, h, w, channels] -> [batch, height, width, channels], pixel centers at half numbers (Keras's Resizing).
 *
 * @example
 * layers.resizing(224, 224, { antialias: true, cropToAspectRatio: true });
 */
export function resizing(height: number, width: number, options: ResizingOptions = {}): Layer {
  const kind = "resizing";
  const names = ["interpolation", "antialias", "cropToAspectRatio", "padToAspectRatio", "fillValue"];
  checkLayerOptions(kind, options, names);
  const { interpolation = "bilinear", antialias = false, fillValue = 0 } = options;
  const { cropToAspectRatio = false, padToAspectRatio = false } = options;
  checkCount(kind, "height", height);
  checkCount(kind, "width", width);
  checkWord(kind, "interpolation", interpolation, ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]);
  checkNumber(kind, "fillValue", fillValue);
  if (cropToAspectRatio && padToAspectRatio) fail(`${kind} got cropToAspectRatio and padToAspectRatio`, "one of them");
  const how = { interpolation, antialias };
  return defineLayer({
    kind,
    options: { height, width, ...options },
    outputShape(input) {
      checkImages(input);
      return [height, width, input[2] ?? 1];
    },
    call(x) {
      const images = asFloat(x);
      const [rows = 1, columns = 1] = x.shape.slice(1);
      if (cropToAspectRatio) return fillImages(images, [height, width], how);
      if (!padToAspectRatio) return resizeImages(images, [height, width], how);
      const tall = Math.max(rows, Math.trunc((columns * height) / width));
      const wide = Math.max(columns, Math.trunc((rows * width) / height));
      const around = (room: number) => [Math.trunc(room / 2), room - Math.trunc(room / 2)] as const;
      const padded = images.pad([[0, 0], around(tall - rows), around(wide - columns), [0, 0]], fillValue);
      return resizeImages(padded, [height, width], how);
    },
  });
}
resizing.positional = ["height", "width"];

/**
 * The middle of images: [batch, h, w, channels] -> [batch, height, width, channels]; smaller ones are resized until they fill it (Keras's
 * CenterCrop).
 *
 * @example
 * layers.centerCrop(224, 224);
 */
export function centerCrop(height: number, width: number, options: LayerOptions = {}): Layer {
  checkLayerOptions("centerCrop", options);
  checkCount("centerCrop", "height", height);
  checkCount("centerCrop", "width", width);
  return defineLayer({
    kind: "centerCrop",
    options: { height, width, ...options },
    outputShape(input) {
      checkImages(input);
      return [height, width, input[2] ?? 1];
    },
    call: (x) => cropMiddle(asFloat(x), [height, width]),
  });
}
centerCrop.positional = ["height", "width"];
