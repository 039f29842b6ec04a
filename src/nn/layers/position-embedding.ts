import { fail, formatShape, type Shape } from "../../util/index.ts";
import { MAX_WAVELENGTH, placesOf, rotated, sinusoids } from "../attention/positions.ts";
import { checkCount, checkNumber } from "../checks.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";

export interface PositionEmbeddingOptions extends LayerOptions {
  /** Default "glorotUniform" (KerasHub). */
  initializer?: InitializerSpec;
}

/**
 * Adds a learned vector to each place: y[p] = x[p] + positions[p], [batch, places, features], at most sequenceLength places.
 * Weights: positions [sequenceLength, features].
 *
 * @example
 * sequential([layers.embedding(65, 16, { inputShape: [32] }), layers.positionEmbedding(32)]);
 */
export function positionEmbedding(sequenceLength: number, options: PositionEmbeddingOptions = {}): Layer {
  checkLayerOptions("positionEmbedding", options, ["initializer"]);
  checkCount("positionEmbedding", "sequenceLength", sequenceLength);
  const initializer = resolveInitializer(options.initializer ?? "glorotUniform");

  return defineLayer({
    kind: "positionEmbedding",
    options: { sequenceLength, ...options },
    stepwise: true,
    outputShape(input) {
      checkSequence(input);
      if ((input[0] ?? 0) > sequenceLength) {
        fail(
          `received sequences of ${input[0]} places`,
          `at most ${sequenceLength}, for so many positions are learned`,
          "give positionEmbedding a greater sequenceLength, or cut the sequences",
        );
      }
      return input;
    },
    weights: (input) => ({ positions: trainable([sequenceLength, input[1] ?? 1], initializer) }),
    call(x, { positions }, { past }) {
      const places = x.shape[1] ?? 1;
      return x.add(past ? positions.take(placesOf(places, past)) : positions.slice([0, places]));
    },
  });
}
positionEmbedding.positional = ["sequenceLength"];

export interface WavelengthOptions extends LayerOptions {
  /** The longest wave, over 2 pi places; default 10000 (the paper, KerasHub). */
  maxWavelength?: number;
}

/**
 * Adds sines and cosines of growing wavelengths (Vaswani et al., 2017): to feature 2i of place p sin(p / W^(2i / features)), to feature
 * 2i + 1 the cosine of the same; [batch, places, features].
 *
 * @example
 * sequential([layers.embedding(65, 16, { inputShape: [32] }), layers.sinePositionEncoding()]);
 */
export function sinePositionEncoding(options: WavelengthOptions = {}): Layer {
  const maxWavelength = checkedWavelength("sinePositionEncoding", options);
  return defineLayer({
    kind: "sinePositionEncoding",
    options,
    stepwise: true,
    outputShape: checkSequence,
    call: (x, _, { past }) => x.add(sinusoids(x.shape[1] ?? 1, x.shape[2] ?? 1, maxWavelength, past)),
  });
}

/**
 * Turns pairs of features (i and i + half of them) by angles that grow with the place, p / W^(2i / features) (RoPE; Su et al., 2021):
 * [batch, places, features] or [batch, heads, places, features]. Attention does it to queries and keys with `positions: "rotary"`.
 *
 * @example
 * layers.rotaryEmbedding()(layers.input({ shape: [10, 16] })).shape; // [10, 16]
 */
export function rotaryEmbedding(options: WavelengthOptions = {}): Layer {
  const maxWavelength = checkedWavelength("rotaryEmbedding", options);
  return defineLayer({
    kind: "rotaryEmbedding",
    options,
    stepwise: true,
    outputShape(input) {
      const fits = (input.length === 2 || input.length === 3) && (input.at(-1) ?? 1) % 2 === 0;
      if (!fits)
        fail(`received samples of shape ${formatShape(input)}`, "[places, features], an even number of features");
      return input;
    },
    call: (x, _, { past }) => rotated(x, maxWavelength, past),
  });
}

function checkedWavelength(kind: string, options: WavelengthOptions): number {
  checkLayerOptions(kind, options, ["maxWavelength"]);
  const { maxWavelength = MAX_WAVELENGTH } = options;
  checkNumber(kind, "maxWavelength", maxWavelength, 1);
  return maxWavelength;
}

function checkSequence(input: Shape): Shape {
  if (input.length === 2) return input;
  fail(`received samples of shape ${formatShape(input)}`, "sequences [places, features]");
}
