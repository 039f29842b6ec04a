import { fail, type Shape } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";
import { aligned, defineLoss, type Loss, type LossOptions } from "./loss.ts";

export interface QuantileOptions extends LossOptions {
  /**
   * The part of targets that shall lie below the prediction, from 0 to 1; default 0.5, the median. A list, such as
   * [0.1, 0.5, 0.9], takes one prediction each along the last axis, [batch, ..., quantiles], for targets [batch, ...].
   */
  quantile?: number | readonly number[];
}

/**
 * The pinball loss max(q e, (q - 1) e) of the error e = yTrue - yPred, averaged over a sample's outputs (Koenker & Bassett,
 * 1978; scikit-learn's mean_pinball_loss).
 *
 * @example
 * const loss = losses.quantile({ quantile: [0.1, 0.5, 0.9] }); // for a last layer of 3 units
 */
export function quantile(options: QuantileOptions = {}): Loss {
  const { quantile = 0.5 } = options;
  const list = Array.isArray(quantile) ? [...(quantile as readonly number[])] : undefined;
  if (list?.length === 0) fail("quantile got quantile = []", "a number from 0 to 1, or a list of such");
  for (const each of list ?? [quantile]) checkNumber("quantile", "quantile", each, 0, 1);
  const targetShape = list && ((outputShape: Shape) => quantiles(outputShape, list.length));
  const traits = { targets: "numbers" as const, ...(targetShape && { targetShape }) };
  return defineLoss("quantile", options, ["quantile"], traits, (yTrue, yPred) => {
    if (!list) {
      const error = aligned(yTrue, yPred, "quantile").sub(yPred);
      return error.mul(quantile as number).maximum(error.mul((quantile as number) - 1));
    }
    const places = [...quantiles(yPred.shape, list.length), 1];
    const error = yTrue.cast("float32").reshape(places).sub(yPred);
    return error.mul(list).maximum(error.mul(list.map((q) => q - 1)));
  });
}

/** The shape of targets for outputs [..., quantiles]. */
function quantiles(outputShape: Shape, count: number): Shape {
  if (outputShape.at(-1) === count) return outputShape.slice(0, -1);
  fail(`quantile got ${count} quantiles for outputs of ${outputShape.at(-1) ?? 1}`, `a last layer of ${count} units`);
}
