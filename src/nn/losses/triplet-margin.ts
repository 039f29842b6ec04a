import { fail, formatShape } from "../../util/index.ts";
import { checkNumber } from "../checks.ts";
import { defineLoss, type Loss, type LossOptions } from "./loss.ts";
import { checkDistance, type Distance, distanceBetween } from "./pairs.ts";

export interface TripletMarginOptions extends LossOptions {
  /** How much farther than the positive the negative shall be; default 1 (PyTorch). */
  margin?: number;
  /** Default "euclidean" (PyTorch, whose p is 2); "squaredEuclidean"; "cosine", 1 - a . b, wants embeddings of length 1. */
  distance?: Distance;
}

/**
 * max(d(anchor, positive) - d(anchor, negative) + margin, 0) of given triplets: yPred [batch, 3, features] holds the embeddings of
 * anchor, positive and negative; yTrue is not used (Weinberger & Saul, 2009; PyTorch's TripletMarginLoss).
 *
 * @example
 * const loss = losses.tripletMargin({ margin: 0.2, distance: "squaredEuclidean" });
 */
export function tripletMargin(options: TripletMarginOptions = {}): Loss {
  const { margin = 1, distance = "euclidean" } = options;
  checkNumber("tripletMargin", "margin", margin, 0);
  checkDistance("tripletMargin", distance);
  return defineLoss("tripletMargin", options, ["margin", "distance"], "any", (_, yPred) => {
    if (yPred.rank !== 3 || yPred.shape[1] !== 3) {
      fail(`tripletMargin received embeddings ${formatShape(yPred.shape)}`, "[batch, 3, features]");
    }
    const [anchor, positive, negative] = [0, 1, 2].map((i) => yPred.slice(null, i)) as [
      typeof yPred,
      typeof yPred,
      typeof yPred,
    ];
    const near = distanceBetween(anchor, positive, distance);
    return near
      .sub(distanceBetween(anchor, negative, distance))
      .add(margin)
      .relu();
  });
}
