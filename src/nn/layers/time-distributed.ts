import { fail, formatShape, type Shape } from "../../util/index.ts";
import { innerLayer } from "../inner-layer.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

/**
 * A layer applied to every place of a sequence by itself, with the same weights: [batch, places, ...] -> [batch, places, ...], such as
 * a convolution over the frames of a film. (`dense` and its like do so by themselves.)
 *
 * @param layer applied to samples without the axis of places.
 *
 * @example
 * const frames = layers.input({ shape: [8, 28, 28, 1] });
 * const seen = layers.timeDistributed(layers.conv2d(4, 3))(frames); // samples of shape [8, 26, 26, 4]
 */
export function timeDistributed(layer: Layer, options: LayerOptions = {}): Layer {
  checkLayerOptions("timeDistributed", options);
  const { definition } = innerLayer("timeDistributed", layer);
  const place = ([places, ...sample]: Shape): Shape => {
    if (places !== undefined) return sample;
    fail(`received samples of shape ${formatShape([])}`, "sequences [places, ...]");
  };

  return defineLayer({
    kind: "timeDistributed",
    options: { layer: innerLayer("timeDistributed", layer), ...options },
    ...(definition.indices !== undefined && { indices: definition.indices }),
    mask: (_, mask) => mask,
    outputShape: (input) => [input[0]!, ...definition.outputShape([place(input)])],
    weights: (input) => definition.weights([place(input)]),
    call(x, weights, context) {
      const [batch = 0, places = 0, ...sample] = x.shape;
      const all = x.reshape([batch * places, ...sample]);
      const { masks: _, ...others } = Object.getOwnPropertyDescriptors(context);
      const alone = Object.defineProperties({}, others) as typeof context;
      const output = definition.call([all], weights, alone);
      return output.reshape([batch, places, ...output.shape.slice(1)]);
    },
  });
}
timeDistributed.positional = ["layer"];
