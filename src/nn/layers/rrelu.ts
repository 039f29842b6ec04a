import { where } from "../../tensor/index.ts";
import { fail } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

export interface RreluOptions extends LayerOptions {
  /** Least slope; default 1/8 (PyTorch; Xu et al., 2015). */
  lower?: number;
  /** Greatest slope; default 1/3 (PyTorch). */
  upper?: number;
}

/**
 * x above zero, a x below; in training a is drawn for each element, uniform from `lower` to `upper`, else it is their mean (Xu et
 * al., 2015; PyTorch).
 *
 * @example
 * layers.rrelu({ lower: 0.1, upper: 0.3 });
 */
export function rrelu(options: RreluOptions = {}): Layer {
  checkLayerOptions("rrelu", options, ["lower", "upper"]);
  const { lower = 1 / 8, upper = 1 / 3 } = options;
  checkNumber("rrelu", "lower", lower);
  checkNumber("rrelu", "upper", upper);
  if (lower > upper) fail(`rrelu got slopes from ${lower} to ${upper}`, "lower not above upper");
  return defineLayer({
    kind: "rrelu",
    options,
    stepwise: true,
    outputShape: (input) => input,
    call(x, _, { training, key }) {
      const slope = training && lower < upper ? key.uniform(x.shape, { min: lower, max: upper }) : (lower + upper) / 2;
      return where(x.greater(0), x, x.mul(slope));
    },
  });
}
