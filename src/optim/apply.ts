import { concatenate, type Tensor } from "../tensor/index.ts";
import { clipGradient, type Segment } from "./clipping.ts";
import type { Optimizer, UpdateInput, UpdateOutput } from "./optimizer.ts";

/**
 * One update of all parameters, held in one flat vector.
 *
 * @param input parameter, gradient and each slot: float32 [parameters]; learningRate and step: scalars.
 * @param segments the weights in the flat vector, in order and without gaps.
 */
export function applyOptimizer(optimizer: Optimizer, input: UpdateInput, segments: readonly Segment[]): UpdateOutput {
  const gradient = clipGradient(input.gradient, optimizer.clipping, segments);
  if (optimizer.elementwise) return optimizer.update({ ...input, gradient });

  const updates = segments.map((segment) => {
    const own = (flat: Tensor) => flat.slice([segment.offset, segment.offset + segment.size]).reshape(segment.shape);
    return optimizer.update({
      parameter: own(input.parameter),
      gradient: own(gradient),
      slots: mapValues(input.slots, own),
      learningRate: input.learningRate,
      step: input.step,
    });
  });
  const join = (pick: (update: UpdateOutput) => Tensor) =>
    concatenate(
      updates.map((update) => pick(update).flatten()),
      { axis: 0 },
    );
  return {
    parameter: join((update) => update.parameter),
    slots: mapValues(input.slots, (_, name) => join((update) => update.slots[name] as Tensor)),
  };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, f: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]));
}
