import { checkFlag, checkNumber, checkWord } from "../checks.ts";
import { defineLoss, type Loss, type LossOptions } from "./loss.ts";
import { checkDistance, type Distance, pairDistances, pairsOf } from "./pairs.ts";

export interface TripletOptions extends LossOptions {
  /**
   * Which negatives: "semiHard", the default (Schroff et al., 2015): for every pair of one class the nearest negative that is
   * farther than the positive, else the farthest; "hard" (Hermans et al., 2017): for every sample its farthest positive and its
   * nearest negative.
   */
  mining?: "semiHard" | "hard";
  /** How much farther than positives negatives shall be; default 1 (TensorFlow Addons). */
  margin?: number;
  /** Default "euclidean" (TensorFlow Addons); "squaredEuclidean"; "cosine", 1 - a . b, wants embeddings of length 1. */
  distance?: Distance;
  /** softplus instead of the hinge with its margin, for "hard" mining; default false (Hermans et al.). */
  soft?: boolean;
}

/**
 * max(d(anchor, positive) - d(anchor, negative) + margin, 0) over triplets that are found in the batch: yTrue are labels
 * [batch], yPred embeddings [batch, features]. Semi-hard: the mean over all pairs of one class; hard: over all samples that have a
 * positive and a negative (TensorFlow Addons).
 *
 * @example
 * const loss = losses.triplet({ mining: "hard", margin: 0.3 });
 */
export function triplet(options: TripletOptions = {}): Loss {
  const { mining = "semiHard", margin = 1, distance = "euclidean", soft = false } = options;
  checkWord("triplet", "mining", mining, ["semiHard", "hard"]);
  checkNumber("triplet", "margin", margin, 0);
  checkDistance("triplet", distance);
  checkFlag("triplet", "soft", soft);
  const traits = { targets: "labels" as const, coupled: true, targetShape: () => [] };
  return defineLoss("triplet", options, ["mining", "margin", "distance", "soft"], traits, (yTrue, yPred) => {
    const { positive, negative } = pairsOf(yTrue, yPred, "triplet");
    const distances = pairDistances(yPred, distance);
    if (mining === "hard") {
      const farthest = positive.where(distances, -Infinity).max({ axis: 1 });
      const nearest = negative.where(distances, Infinity).min({ axis: 1 });
      const counted = positive.any({ axis: 1 }).logicalAnd(negative.any({ axis: 1 }));
      const excess = counted.where(farthest.sub(nearest), 0);
      return { losses: soft ? excess.softplus() : excess.add(margin).relu(), counted };
    }
    const toPositive = distances.expandDims(2); // [anchor, positive, 1]
    const toNegative = distances.expandDims(1); // [anchor, 1, negative]
    const farther = negative.expandDims(1).logicalAnd(toNegative.greater(toPositive));
    const outside = farther.where(toNegative, Infinity).min({ axis: 2 });
    const inside = negative.where(distances, -Infinity).max({ axis: 1, keepdims: true });
    const found = farther.any({ axis: 2 }).where(outside, inside);
    const counted = positive.logicalAnd(negative.any({ axis: 1, keepdims: true }));
    const excess = counted.where(distances.sub(found), 0);
    return { losses: soft ? excess.softplus() : excess.add(margin).relu(), counted };
  });
}
