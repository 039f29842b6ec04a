import {
  type ActivationSpec,
  type Loss,
  type LossSpec,
  reduceLoss,
  resolveActivation,
  resolveLoss,
} from "../nn/index.ts";
import { gradients, type Tensor } from "../tensor/index.ts";
import { fail } from "../util/index.ts";
import type { Numbers, Tolerance } from "./close.ts";
import { checkJob, compare, expectShape } from "./compare.ts";
import type { TestEngine } from "./engines.ts";
import type { CheckedJob, Computed } from "./run.ts";

/** What a loss gives for a batch. */
export interface LossNumbers<N> {
  /** [batch] */
  readonly perSample: N;
  /** Of the batch, by the loss's reduction: their mean, unless places are left out. */
  readonly mean: N;
  /** Of the mean, for the predictions (for what goes into `activation`, when there is one). */
  readonly gradient: N;
  /** The same with sample weights: sum(sampleWeight * perSample) / batch, as Keras's "sum_over_batch_size"; and its gradient. */
  readonly weighted?: N | undefined;
  readonly weightedGradient?: N | undefined;
}

/** A loss, targets and predictions, and what should come out. */
export interface LossCase extends Tolerance {
  readonly loss: LossSpec;
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
  /** What the model's last layer does with yPred: cross-entropies then start from the logits. */
  readonly activation?: ActivationSpec | undefined;
  /** [batch] */
  readonly sampleWeight?: Tensor | undefined;
  /** [batch, places]: 1 for places that count, 0 for padding. */
  readonly mask?: Tensor | undefined;
  /** Numbers from elsewhere; what is left out is not compared. */
  readonly expected?: Partial<LossNumbers<Numbers>> | undefined;
  /** Default: all that work here. */
  readonly engines?: readonly TestEngine[] | undefined;
}

/**
 * Everything that must hold for any loss, and the expected numbers: one value per sample, the same loss made again from
 * its name and options, samples that do not see each other (unless the loss says they do), engines that agree.
 *
 * @returns the numbers of the first engine.
 * @throws DescentError naming engine, quantity and element.
 * @example
 * await lossCase({ loss: "huber", yTrue: tensor([[1], [2]]), yPred: tensor([[1.5], [9]]), expected: { perSample: [0.125, 6.5] } });
 */
export function lossCase(given: LossCase): Promise<LossNumbers<Computed>> {
  return checkJob(lossJob(given), given.engines, (other, first) => compareNumbers(other, first, given));
}

/** The part of {@link lossCase} that runs on an engine; several may run together. */
export function lossJob(given: LossCase): CheckedJob<LossNumbers<Computed>> {
  const { yTrue, yPred, sampleWeight, mask, activation = "linear", expected = {} } = given;
  const loss = resolveLoss(given.loss);
  const again = remade(loss);
  const activate = resolveActivation(activation);
  const batch = yPred.shape[0] ?? 0;
  const { coupled } = loss;

  return {
    inputs: { yTrue, yPred, ...(sampleWeight && { sampleWeight }), ...(mask && { mask }) },
    body(given) {
      const [y, x] = [given.yTrue as Tensor, given.yPred as Tensor];
      const seen = given.mask?.notEqual(0);
      const perSample = loss(y, activate(x));
      const mean = reduceLoss(loss, y, activate(x), undefined, seen).loss;
      const weighted = given.sampleWeight && reduceLoss(loss, y, activate(x), given.sampleWeight, seen).loss;
      return {
        perSample,
        mean,
        gradient: gradients(mean, [x])[0] as Tensor,
        ...(weighted && { weighted, weightedGradient: gradients(weighted, [x])[0] as Tensor }),
        again: again(y, activate(x)),
        ...(!coupled && { alone: loss(y.slice([0, 1]), activate(x.slice([0, 1]))) }),
      };
    },
    check(results) {
      const result = (name: string) => results[name] as Computed;
      const numbers: LossNumbers<Computed> = {
        perSample: result("perSample"),
        mean: result("mean"),
        gradient: result("gradient"),
        weighted: results["weighted"],
        weightedGradient: results["weightedGradient"],
      };
      const scalar = loss.kind === "custom" && numbers.perSample.shape.length === 0;
      if (!scalar) expectShape("the loss", numbers.perSample.shape, [batch]);
      compareNumbers(numbers, expected, given);
      compare("the loss made again from its name and options", result("again"), numbers.perSample.data, given);
      if (!scalar && !coupled)
        compare("the loss of the first sample by itself", result("alone"), numbers.perSample.data.slice(0, 1), given);
      return numbers;
    },
  };
}

function compareNumbers(
  actual: LossNumbers<Computed>,
  expected: Partial<LossNumbers<Numbers | Computed>>,
  tolerance: Tolerance,
): void {
  for (const name of ["perSample", "mean", "gradient", "weighted", "weightedGradient"] as const) {
    const [found, wanted] = [actual[name], expected[name]];
    if (wanted === undefined) continue;
    if (!found) fail(`there is no ${name}`, "a sampleWeight in the case");
    compare(name, found, typeof wanted === "object" && "data" in wanted ? wanted.data : wanted, tolerance);
  }
}

/** The loss that a saved model makes. */
function remade(loss: Loss): Loss {
  return loss.kind === "custom" ? loss : resolveLoss({ kind: loss.kind, ...loss.options } as LossSpec);
}
