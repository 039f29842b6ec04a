import { full, givenTensor, ones, type Tensor, where } from "../../tensor/index.ts";
import { checkOptions, fail, formatShape, product, type Shape, sameShape } from "../../util/index.ts";
import { checkWord } from "../checks.ts";

/** Any function of targets and predictions that gives a loss per sample, [batch], or one number for the batch. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/**
 * What the targets of a loss are: numbers of the prediction's shape, probabilities of its shape, signs (-1 and 1, or 0 and 1)
 * of its shape, one distribution per last axis, class numbers without that axis, or labels: integers that name groups;
 * or sequences: class numbers and then zeros; "any" is for custom losses.
 */
export type TargetKind =
  | "numbers"
  | "probabilities"
  | "signs"
  | "distributions"
  | "classes"
  | "labels"
  | "sequences"
  | "any";

/**
 * How the losses of a batch become one number: their weighted sum over the number of samples (Keras's default), over the
 * sum of the weights (PyTorch's class weights), or over nothing. Masked places are not counted.
 */
export type Reduction = "sumOverBatchSize" | "meanWithSampleWeight" | "sum";

/** Options that every loss has. */
export interface LossOptions {
  /**
   * How a batch's losses become one number: "sumOverBatchSize", sum(weight * loss) / samples, the default (Keras);
   * "meanWithSampleWeight", sum(weight * loss) / sum(weight); "sum". Called as a function, a loss reduces nothing.
   */
  reduction?: Reduction;
}

/** Losses before any mean is taken. */
export interface Elements {
  /** [batch, ...] */
  readonly losses: Tensor;
  /** 1 for those that count and 0 for the others, of the first axes of `losses`; all count when left out. */
  readonly counted?: Tensor | undefined;
  /** The equation left padded places out itself: a loss of whole samples, or of the whole batch. */
  readonly masked?: boolean | undefined;
}

/** An equation, element by element; `mask` [batch, places] is false for padded places of yPred, all count without it. */
type Equation<Result> = (yTrue: Tensor, yPred: Tensor, mask?: Tensor) => Result;

/** A loss function with its name: (yTrue, yPred [batch, ...]) -> [batch], or a number from a custom function. */
export interface Loss {
  (yTrue: Tensor, yPred: Tensor): Tensor;
  /** Name in the registry, or "custom". */
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly targets: TargetKind;
  readonly elements: Equation<Elements>;
  /** True when samples of a batch see each other: a part of a batch then has another loss. */
  readonly coupled: boolean;
  /** What a target is shaped like, where it is not like the output (or the output without its classes). */
  readonly targetShape?: ((outputShape: Shape) => Shape) | undefined;
}

/** What a loss is besides its equation. */
export interface LossTraits {
  readonly targets: TargetKind;
  readonly coupled?: boolean;
  readonly targetShape?: (outputShape: Shape) => Shape;
}

/**
 * A loss from its equation, element by element: the mean over all axes but the batch is taken here (Keras). Options other
 * than `allowed` and `reduction` are refused. An equation that gives a loss per place need not look at the mask.
 */
export function defineLoss(
  kind: string,
  options: LossOptions,
  allowed: readonly string[],
  traits: TargetKind | LossTraits,
  equation: Equation<Tensor | Elements>,
): Loss {
  checkOptions(kind, options, [...allowed, "reduction"]);
  if (options.reduction !== undefined) {
    checkWord(kind, "reduction", options.reduction, ["sumOverBatchSize", "meanWithSampleWeight", "sum"]);
  }
  const { targets, coupled = false, targetShape } = typeof traits === "string" ? { targets: traits } : traits;
  const elements: Equation<Elements> = (yTrue, yPred, mask) => {
    const found = equation(yTrue, yPred, mask);
    return "losses" in found ? found : { losses: found };
  };
  const loss = (yTrue: Tensor, yPred: Tensor) => perSample(elements(yTrue, yPred));
  return Object.assign(loss, { kind, options: { ...options }, targets, elements, coupled, targetShape });
}

/** A plain function as a loss. */
export function customLoss(loss: LossFunction, kind: string): Loss {
  const elements = (yTrue: Tensor, yPred: Tensor): Elements => ({
    losses: givenTensor(loss(yTrue, yPred), `the loss ${kind === "custom" ? "function" : kind}`),
  });
  const each = (yTrue: Tensor, yPred: Tensor) => perSample(elements(yTrue, yPred));
  return Object.assign(each, { kind, options: {}, targets: "any" as const, elements, coupled: false });
}

/** [batch, ...] -> [batch]: the mean over the other axes, of those that count; a scalar stays. */
function perSample({ losses, counted }: Elements): Tensor {
  if (!counted) return meanFrom(losses, 1);
  const { sums, counts } = countedSums(losses, counted);
  return sums.div(where(counts.greater(0), counts, 1));
}

/** The mean over the axes from `axis` on. */
function meanFrom(values: Tensor, axis: number): Tensor {
  if (values.rank <= axis) return values;
  return values.mean({ axis: values.shape.map((_, i) => i).slice(axis) });
}

/** Per sample, [batch]: the sum of what counts, and how much of it there is. */
function countedSums(losses: Tensor, counted: Tensor): { sums: Tensor; counts: Tensor } {
  const batch = losses.shape[0] ?? 1;
  const mask = counted.cast("float32");
  const each = where(mask.greater(0), meanFrom(losses, mask.rank), 0);
  const sum = (x: Tensor) => x.reshape([batch, -1]).sum({ axis: 1 });
  return { sums: sum(each), counts: sum(mask) };
}

/** A batch's loss is sum / count; the loss of several batches is the sum of sums by the sum of counts. */
export interface LossSum {
  readonly sum: Tensor;
  /** 1 where the reduction is "sum". */
  readonly count: Tensor;
  /** The count where it does not depend on targets or weights. */
  readonly known?: number | undefined;
  readonly loss: Tensor;
}

/**
 * The loss of a batch by its reduction, Keras's `reduce_weighted_values`.
 *
 * @param weights what each sample counts, float32 [batch]; undefined for 1.
 * @param mask 1 for places that count and 0 for others, [batch, ...]: padded steps of a sequence, say.
 * @throws DescentError when a loss that gives one number for the batch meets weights, one that gives no number for every place a mask,
 * or when it gives another shape.
 */
export function reduceLoss(
  loss: Loss,
  yTrue: Tensor,
  yPred: Tensor,
  weights?: Tensor | undefined,
  mask?: Tensor | undefined,
  name = loss.kind,
): LossSum {
  const batch = yPred.shape[0] ?? 1;
  const reduction = (loss.options["reduction"] ?? "sumOverBatchSize") as Reduction;
  const { losses, counted, masked } = loss.elements(yTrue, yPred, mask);
  const places = masked ? undefined : mask;
  if (places) checkPlaces(losses, places, name);
  const all = counted && places ? counted.cast("float32").mul(places.cast("float32")) : (counted ?? places);
  if (losses.rank === 0) {
    if (!weights && !all) return divided(losses.mul(batch), full([], batch), reduction, batch);
    fail(
      `the loss of ${name} gives one number for the batch, which sample and class weights cannot weigh`,
      "a loss per sample, [batch]",
      "let the loss end with .mean({ axis: 1 }) instead of .mean()",
    );
  }
  if (losses.shape[0] !== batch) {
    fail(`the loss of ${name} gives ${formatShape(losses.shape)}`, `[${batch}], a number per sample, or one number`);
  }
  if (!all) {
    const mean = meanFrom(losses, 1);
    const each = reduction === "sum" ? mean.mul(placesOf(losses, yPred)) : mean;
    const sum = weights ? each.mul(weights).sum() : each.sum();
    const counted = reduction === "meanWithSampleWeight" ? weights?.sum() : undefined;
    return divided(sum, counted ?? full([], batch), reduction, counted ? undefined : batch);
  }
  const { sums, counts } = countedSums(losses, all);
  const weigh = (x: Tensor) => (weights ? x.mul(weights) : x).sum();
  const count = reduction === "meanWithSampleWeight" ? weigh(counts) : counts.sum();
  return divided(weigh(sums), count, reduction);
}

/** Refuses losses that are not there for every place. */
function checkPlaces(losses: Tensor, mask: Tensor, name: string): void {
  if (sameShape(losses.shape.slice(0, mask.rank), mask.shape)) return;
  fail(
    `the loss of ${name} gives ${formatShape(losses.shape)}, and some of the places ${formatShape(mask.shape)} are padding`,
    "a loss for each place, so that padding can be left out",
    "let the loss keep the axis of places, or end the model with layers.lambda((x) => x), which passes no mask on",
  );
}

/** Places of a sample that have a loss each: one for all features of the last axis. */
function placesOf(losses: Tensor, yPred: Tensor): number {
  return product(losses.rank === yPred.rank ? losses.shape.slice(1, -1) : losses.shape.slice(1));
}

/** `known` is the count where it is known beforehand. */
function divided(sum: Tensor, count: Tensor, reduction: Reduction, known?: number): LossSum {
  if (reduction === "sum") return { sum, count: ones([]), known: 1, loss: sum };
  return { sum, count, known, loss: sum.div(known ?? where(count.greater(0), count, 1)) };
}

/**
 * The targets as float32 in the predictions' shape: [batch] becomes [batch, 1] and back where needed, nothing else is
 * broadcast.
 *
 * @throws DescentError when the shapes differ otherwise.
 */
export function aligned(yTrue: Tensor, yPred: Tensor, where: string): Tensor {
  const numbers = yTrue.dtype === "float32" ? yTrue : yTrue.cast("float32");
  if (sameShape(yTrue.shape, yPred.shape)) return numbers;
  // The first axis is the batch: also a batch of one keeps it.
  const core = (shape: readonly number[]) => (shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape);
  if (sameShape(core(yTrue.shape), core(yPred.shape))) return numbers.reshape([...yPred.shape]);
  fail(
    `${where} received targets of shape ${formatShape(yTrue.shape)} for predictions of shape ${formatShape(yPred.shape)}`,
    "one shape",
  );
}
