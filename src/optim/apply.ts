import { concatenate, givenTensor, type RandomKey, type Tensor } from "../tensor/index.ts";
import { invariant } from "../util/index.ts";
import { clipGradient, type Segment } from "./clipping.ts";
import type { ModelUpdateInput, Optimizer, PointInput, UpdateInput, UpdateOutput } from "./optimizer.ts";

/** What {@link applyOptimizer} is given; what is left out can't be asked for by the optimizer. */
export interface ApplyInput extends UpdateInput {
  /** Where the gradient was taken; default: `parameter`. */
  readonly point?: Tensor | undefined;
  /** The gradient of the same batch at another point. */
  readonly gradientAt?: ((point: Tensor) => Tensor) | undefined;
  /** Random numbers of this step. */
  readonly key?: RandomKey | undefined;
}

/**
 * One update of all parameters, held in one flat vector.
 *
 * @param input parameter, gradient and each slot: float32 [parameters]; learningRate: a scalar, or [parameters] (one rate for
 * each weight, repeated); step: a scalar.
 * @param segments the weights in the flat vector, in order and without gaps.
 */
export function applyOptimizer(optimizer: Optimizer, input: ApplyInput, segments: readonly Segment[]): UpdateOutput {
  const whole: ModelUpdateInput = {
    ...input,
    gradient: clipGradient(input.gradient, optimizer.clipping, segments),
    point: input.point ?? input.parameter,
    segments,
    gradientAt(point) {
      invariant(input.gradientAt, `${optimizer.kind} asked for a second gradient`);
      return input.gradientAt(point);
    },
    key: input.key,
  };
  const { parameter, slots } = optimizer.reach === "weights" ? updateEach(optimizer, whole) : optimizer.update(whole);
  return { parameter: constrained(parameter, segments), slots };
}

/** The update of every weight by itself, in its own shape. */
function updateEach(optimizer: Optimizer, whole: ModelUpdateInput): UpdateOutput {
  const { segments, slots, learningRate } = whole;
  const updates = segments.map((segment) => {
    const { offset, size, shape } = segment;
    const own = (flat: Tensor) => flat.slice([offset, offset + size]).reshape(shape);
    return optimizer.update({
      ...whole,
      parameter: own(whole.parameter),
      gradient: own(whole.gradient),
      point: own(whole.point),
      slots: mapValues(slots, own),
      learningRate: learningRate.rank === 0 ? learningRate : learningRate.slice([offset, offset + 1]).reshape([]),
      segments: [segment],
    });
  });
  const join = (pick: (update: UpdateOutput) => Tensor) =>
    concatenate(
      updates.map((update) => pick(update).flatten()),
      { axis: 0 },
    );
  return {
    parameter: join((update) => update.parameter),
    slots: mapValues(slots, (_, name) => join((update) => update.slots[name] as Tensor)),
  };
}

/** The parameters with every weight as its constraint wants it; what lies between such weights stays in one piece. */
function constrained(parameter: Tensor, segments: readonly Segment[]): Tensor {
  const bound = segments.filter(({ constraint }) => constraint);
  if (bound.length === 0) return parameter;
  const parts: Tensor[] = [];
  let at = 0;
  for (const { path, shape, offset, size, constraint } of bound) {
    if (offset > at) parts.push(parameter.slice([at, offset]));
    const weight = parameter.slice([offset, offset + size]).reshape(shape);
    const kept = givenTensor(constraint?.(weight) ?? weight, `the constraint of ${path}`, shape);
    parts.push(kept.reshape([size]));
    at = offset + size;
  }
  if (at < parameter.size) parts.push(parameter.slice([at, parameter.size]));
  return concatenate(parts, { axis: 0 });
}

/** Where the gradient of the next step is taken: float32 [parameters]. */
export function trainingPoint(optimizer: Optimizer, input: PointInput): Tensor {
  return optimizer.point?.(input) ?? input.parameter;
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, f: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]));
}
