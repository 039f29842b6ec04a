import { arange, stopGradient, type Tensor } from "../../tensor/index.ts";
import { checkNumber } from "../checks.ts";
import { defineLoss, type Loss, type LossOptions } from "./loss.ts";
import { pairsOf } from "./pairs.ts";

export interface CircleOptions extends LossOptions {
  /** Scale; default 80 (Keras). */
  gamma?: number;
  /** Relaxation; default 0.4 (Keras). */
  margin?: number;
}

/** A number as a sum of one that is rounded to few digits and a small one. */
type Sum = readonly [coarse: Tensor, fine: Tensor];

/** Places behind the point of the coarse part: products of two such parts of rows of length 1, and their sums, are exact in float32. */
const PLACES = 2 ** 11;

/**
 * Dot products of all pairs of rows of length at most 1, [batch, features] -> two of [batch, batch], to some 2^-36: with x = h + l, h on
 * a grid of 2^-11, x x' is h h', without any rounding, and l x' + h l'. The second has the whole slope.
 */
function similarities(x: Tensor): Sum {
  const high = stopGradient(x.mul(PLACES).round().div(PLACES));
  const low = x.sub(high);
  const fine = low.matmul(x.transpose()).add(high.matmul(low.transpose()));
  return [high.matmul(high.transpose()), fine];
}

/**
 * log of the sum, along rows and `of` some places, of exp(gamma (v^2 - margin^2)), over 0 where there is none. Exponents are in the hundreds,
 * and what float32 rounds off them would be 1e-5 of the sum's terms: they are taken from the greatest, c, by
 * v^2 - c^2 = (v - c) (v + c), where v - c is exact in the coarse parts.
 */
function logSumOfSquares([coarse, fine]: Sum, of: Tensor, gamma: number, margin: number): Tensor {
  const size = stopGradient(of.where(coarse.add(fine).abs(), -1));
  const greatest = size.argmax({ axis: 1, keepdims: true });
  const isGreatest = greatest.equal(arange(size.shape[1]!));
  const pick = (part: Tensor) => stopGradient(isGreatest.where(part, 0).sum({ axis: 1, keepdims: true }));
  const [c, cFine] = [pick(coarse), pick(fine)];
  const excess = coarse
    .sub(c)
    .add(fine.sub(cFine))
    .mul(coarse.add(c).add(fine.add(cFine)))
    .mul(gamma);
  const top = c.sub(margin).add(cFine).mul(c.add(margin).add(cFine)).mul(gamma).squeeze(1);
  return of.where(excess, -1e30).logSumExp({ axis: 1 }).add(top);
}

/**
 * softplus(logsumexp over positives of -g w (m - d) + logsumexp over negatives of g w (1 - m - d)), with cosine distances
 * d, w = max(m + d, 0) for positives and max(1 + m - d, 0) for negatives, m the margin and g gamma (Sun et al., 2020, in Keras's
 * form). yTrue are labels [batch], yPred embeddings of length 1, [batch, features]. Samples without another of their class, or of
 * another class, do not count.
 *
 * @example
 * const loss = losses.circle({ gamma: 64, margin: 0.25 });
 */
export function circle(options: CircleOptions = {}): Loss {
  const { gamma = 80, margin = 0.4 } = options;
  checkNumber("circle", "gamma", gamma, Number.MIN_VALUE);
  checkNumber("circle", "margin", margin, 0, 1);
  const traits = { targets: "labels" as const, coupled: true, targetShape: () => [] };
  return defineLoss("circle", options, ["gamma", "margin"], traits, (yTrue, yPred) => {
    const { positive, negative } = pairsOf(yTrue, yPred, "circle");
    const [coarse, fine] = similarities(yPred);
    const beyond = coarse.sub(1).greater(fine.neg()); // a similarity over 1 counts as 1
    const distance: Sum = [beyond.where(0, coarse.neg().add(1)), beyond.where(0, fine.neg())];
    const apart = coarse.add(margin).greater(fine.neg()); // one under -margin as -margin
    const similarity: Sum = [
      beyond.where(1, apart.where(coarse, Math.fround(-margin))),
      beyond.where(0, apart.where(fine, -margin - Math.fround(-margin))),
    ];
    const counted = positive.any({ axis: 1 }).logicalAnd(negative.any({ axis: 1 }));
    const near = logSumOfSquares(distance, positive, gamma, margin);
    const far = logSumOfSquares(similarity, negative, gamma, margin);
    return { losses: counted.where(near.add(far), 0).softplus(), counted };
  });
}
