import { where } from "../../tensor/index.ts";
import { fail } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

export interface MaskingOptions extends LayerOptions {
  /** Default 0 (Keras). */
  maskValue?: number;
}

/**
 * Marks padding: places of a sequence all of whose features are `maskValue`, [batch, places, features]. Recurrent layers and attention
 * after it pass over them; their features become 0 (Keras).
 *
 * @example
 * sequential([layers.masking({ inputShape: [20, 8] }), layers.lstm(16), layers.dense(1)]);
 */
export function masking(options: MaskingOptions = {}): Layer {
  checkLayerOptions("masking", options, ["maskValue"]);
  const { maskValue = 0 } = options;
  checkNumber("masking", "maskValue", maskValue);
  return defineLayer({
    kind: "masking",
    options,
    stepwise: true,
    mask: (x) => x.notEqual(maskValue).any({ axis: -1 }),
    outputShape(input) {
      if (input.length !== 2) fail(`received samples of ${input.length} axes`, "sequences [places, features]");
      return input;
    },
    call: (x) => where(x.notEqual(maskValue).any({ axis: -1, keepdims: true }), x, 0),
  });
}
