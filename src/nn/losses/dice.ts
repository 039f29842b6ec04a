import { aligned, defineLoss, type Loss } from "./loss.ts";
import { checkOver, type OverlapOptions, regionSums, withoutPadding } from "./overlap.ts";
import { EPSILON } from "./probabilities.ts";

/**
 * 1 - 2 sum(y p) / (sum y + sum p + 1e-7), with labels y and probabilities p, of each sample (Dice, 1945; Milletari et al.,
 * 2016; Keras, which sums over the batch as well: `over: "batch"`). For regions that are small against their background.
 *
 * @example
 * const loss = losses.dice({ over: "batch" });
 */
export function dice(options: OverlapOptions = {}): Loss {
  const { over = "sample" } = options;
  checkOver("dice", over);
  const traits = { targets: "probabilities" as const, coupled: over === "batch" };
  return defineLoss("dice", options, ["over"], traits, (yTrue, yPred, mask) => {
    const { kept, traits } = withoutPadding(mask);
    const [y, p] = [kept(aligned(yTrue, yPred, "dice")), kept(yPred)];
    const sizes = regionSums(y, over).add(regionSums(p, over)).add(EPSILON);
    return { losses: regionSums(y.mul(p), over).mul(2).div(sizes).neg().add(1), ...traits };
  });
}
