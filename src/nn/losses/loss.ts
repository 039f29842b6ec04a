import type { Tensor } from "../../tensor/index.ts";
import { fail, formatShape, sameShape } from "../../util/index.ts";

/** Any function of targets and predictions that gives a loss per sample, [batch], or one number for the batch. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/**
 * What the targets of a loss are: numbers of the prediction's shape, probabilities of its shape, one distribution per
 * last axis, or class numbers without that axis; "any" is for custom losses.
 */
export type TargetKind = "numbers" | "probabilities" | "distributions" | "classes" | "any";

/** A loss function with its name: (yTrue, yPred [batch, ...]) -> [batch], or a number from a custom function. */
export interface Loss {
  (yTrue: Tensor, yPred: Tensor): Tensor;
  /** Name in the registry, or "custom". */
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly targets: TargetKind;
}

/** A loss from its equation, element by element: the mean over all axes but the batch is taken here (Keras). */
export function defineLoss(
  kind: string,
  options: object,
  targets: TargetKind,
  equation: (yTrue: Tensor, yPred: Tensor) => Tensor,
): Loss {
  const loss = (yTrue: Tensor, yPred: Tensor) => perSample(equation(yTrue, yPred));
  return Object.assign(loss, { kind, options: { ...options }, targets });
}

/** [batch, ...] -> [batch]: the mean over the other axes; a scalar stays. */
export function perSample(values: Tensor): Tensor {
  if (values.rank < 2) return values;
  return values.mean({ axis: values.shape.map((_, axis) => axis).slice(1) });
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
