import { fail, formatShape, type Shape } from "../../util/index.ts";
import { checkFlag, checkNumber } from "../checks.ts";
import { defineLoss, type Loss, type LossOptions } from "./loss.ts";

export interface GaussianNllOptions extends LossOptions {
  /** Add the constant log(2 pi) / 2; default false (PyTorch). */
  full?: boolean;
  /** The least variance; default 1e-6 (PyTorch). */
  epsilon?: number;
}

/**
 * (log v + (yTrue - m)^2 / v) / 2, averaged over a sample's outputs: the negative log-likelihood of a Gaussian whose mean m and
 * variance v are learned both (Nix & Weigend, 1994; PyTorch's GaussianNLLLoss). Outputs [batch, ..., 2 n] hold n means and then n
 * logarithms of variances, so that a linear layer can give them; targets are [batch, ..., n].
 *
 * @example
 * const model = sequential([layers.dense(2, { inputShape: [4] })]); // mean and log variance of one number
 * model.compile({ optimizer: "adam", loss: losses.gaussianNll() });
 */
export function gaussianNll(options: GaussianNllOptions = {}): Loss {
  const { full = false, epsilon = 1e-6 } = options;
  checkFlag("gaussianNll", "full", full);
  checkNumber("gaussianNll", "epsilon", epsilon, Number.MIN_VALUE);
  const traits = { targets: "numbers" as const, targetShape: half };
  return defineLoss("gaussianNll", options, ["full", "epsilon"], traits, (yTrue, yPred) => {
    const shape = half(yPred.shape);
    const count = shape.at(-1) as number;
    const part = (range: readonly [number, number]) => yPred.slice(...shape.slice(0, -1).map(() => null), range);
    const logVariance = part([count, 2 * count]).maximum(Math.log(epsilon));
    const error = yTrue
      .cast("float32")
      .reshape(shape)
      .sub(part([0, count]));
    const each = logVariance.add(error.square().mul(logVariance.neg().exp())).mul(0.5);
    return full ? each.add(0.5 * Math.log(2 * Math.PI)) : each;
  });
}

/** [..., 2 n] -> [..., n] */
function half(outputShape: Shape): Shape {
  const last = outputShape.at(-1) ?? 1;
  if (last % 2 === 0) return [...outputShape.slice(0, -1), last / 2];
  fail(`gaussianNll got outputs of shape ${formatShape(outputShape)}`, "a mean and a log variance for each target");
}
