import { fail, formatShape } from "../../util/index.ts";
import { checkCount } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";
import { checkSpatial } from "./windows.ts";

/**
 * y[i r + k, j r + l, c] = x[i, j, (c r + k) r + l], r = `upscaleFactor`: channels become pixels, without a computation (Shi et al., 2016;
 * PyTorch's PixelShuffle): [batch, height, width, channels r r] -> [batch, height r, width r, channels].
 *
 * @example
 * layers.pixelShuffle(2, { inputShape: [16, 16, 12] }); // [batch, 32, 32, 3]
 */
export function pixelShuffle(upscaleFactor: number, options: LayerOptions = {}): Layer {
  checkLayerOptions("pixelShuffle", options);
  checkCount("pixelShuffle", "upscaleFactor", upscaleFactor);
  const r = upscaleFactor;
  return defineLayer({
    kind: "pixelShuffle",
    options: { upscaleFactor, ...options },
    outputShape(input) {
      checkSpatial(input, 2);
      const [height = 1, width = 1, channels = 1] = input;
      if (channels % (r * r) === 0) return [height * r, width * r, channels / (r * r)];
      fail(`received samples of shape ${formatShape(input)}`, `channels (the last axis) divisible by ${r * r}`);
    },
    call(x) {
      const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
      const blocks = x.reshape([batch, height, width, channels / (r * r), r, r]).transpose([0, 1, 4, 2, 5, 3]);
      return blocks.reshape([batch, height * r, width * r, -1]);
    },
  });
}
pixelShuffle.positional = ["upscaleFactor"];
