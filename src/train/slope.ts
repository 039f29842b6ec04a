import type { Augment, Network } from "../nn/index.ts";
import {
  arange,
  concatenate,
  type RandomKey,
  scan,
  type Tensor,
  withScope,
  zeros,
  zerosLike,
} from "../tensor/index.ts";
import { augmented } from "./augmented.ts";
import { flatGradient } from "./flat.ts";
import type { Scorer, Whole } from "./scorer.ts";

/** What a loss and its gradient are computed from, besides the batch. */
export interface SlopeParts {
  readonly network: Network;
  readonly scorer: Scorer;
  readonly augment: Augment | undefined;
  /** Parts of a batch whose gradients are added up, one after the other: see {@link slopeOf}. */
  readonly accumulate: number;
  /** Segments of the network that the gradient computes again; 0 for none. */
  readonly recompute: number;
}

/** The samples of a batch, [batch, ...] each. */
export interface Samples {
  readonly inputs: readonly Tensor[];
  readonly targets: readonly Tensor[];
  readonly weights: Tensor | undefined;
}

/** Where a batch's loss is looked at. */
export interface Place {
  readonly parameters: Tensor;
  readonly moving: Tensor | undefined;
  readonly frozen: Tensor | undefined;
  readonly key: RandomKey;
}

/** A batch's loss at a place, and how it changes with the parameters there. */
export interface Slope {
  readonly loss: Tensor;
  /** In the order of the flat vector of parameters. */
  readonly gradient: Tensor;
  /** The moving weights afterwards. */
  readonly moving: Tensor | undefined;
  /** What {@link Scorer.measure} gives: one after the other for the parts of the batch. */
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/**
 * Forward, loss and gradient. A batch may be cut into parts of (nearly) one size: they are gone through by a loop in the graph, their
 * gradients added up, so that intermediates take the memory of one part. The loss is that of the whole batch, also where its divisor
 * depends on the targets; what layers do to a batch (its statistics, random numbers) they do to each part.
 */
export function slopeOf(parts: SlopeParts, samples: Samples, place: Place): Slope {
  const { scorer, accumulate } = parts;
  const size = samples.inputs[0]?.shape[0] ?? 1;
  const most = Math.ceil(size / accumulate);
  const count = Math.floor(size / most);
  if (count <= 1 && size === most) return slopeOfPart(parts, samples, place, undefined);
  const { key } = place;
  const at = (part: Samples, number: Tensor | number, moving: Tensor | undefined) =>
    slopeOfPart(parts, part, { ...place, moving, key: key.fold(number) }, whole);

  const stacked = mapSamples(samples, (x) => x.slice([0, count * most]).reshape([count, most, ...x.shape.slice(1)]));
  const numbers = arange(count).cast("uint32");
  const rest = count * most < size ? mapSamples(samples, (x) => x.slice([count * most, size])) : undefined;
  const whole = withScope("loss", () => wholeOf());
  const moving = place.moving ? [place.moving] : [];
  const zero = zerosLike(place.parameters);
  const [end, found] = scan(
    (carry: { gradient: Tensor; moving: readonly Tensor[] }, x: { part: readonly Tensor[]; number: Tensor }) => {
      const slope = at(samplesFrom(x.part, samples), x.number, carry.moving[0]);
      const next = { gradient: carry.gradient.add(slope.gradient), moving: slope.moving ? [slope.moving] : [] };
      return [next, { loss: slope.loss, outputs: slope.outputs }];
    },
    { init: { gradient: zero, moving }, xs: { part: listed(stacked), number: numbers } },
  );
  const outputs = Object.entries(found.outputs).map(([name, rows]) => [name, rows.flatten()] as const);
  const sum = { loss: found.loss.sum(), gradient: end.gradient, moving: end.moving[0] };
  if (!rest) return { ...sum, outputs: Object.fromEntries(outputs) };

  const last = at(rest, count, sum.moving);
  return {
    loss: sum.loss.add(last.loss),
    gradient: sum.gradient.add(last.gradient),
    moving: last.moving,
    outputs: Object.fromEntries(
      outputs.map(([name, rows]) => [name, concatenate([rows, (last.outputs[name] as Tensor).flatten()])]),
    ),
  };

  /** What the losses are divided by: known from the samples, but for padding, which the network tells of each part. */
  function wholeOf(): Whole {
    const countsOf = (part: Samples, number: Tensor | number) => {
      const { answer, wanted } = answerOf(parts, part, { ...place, key: key.fold(number) });
      return scorer.countsOf(wanted, part.weights, part.inputs[0]?.shape[0] ?? 1, answer.masks);
    };
    const one = mapSamples(stacked, (x) => x.slice(0));
    const padded = answerOf(parts, one, place).answer.masks.some((mask) => mask !== undefined);
    if (!padded) return scorer.wholeOf(samples.targets, samples.weights, size);
    const [, found] = scan(
      (carry: Tensor, x: { part: readonly Tensor[]; number: Tensor }) => {
        return [carry, countsOf(samplesFrom(x.part, samples), x.number)];
      },
      { init: zeros([]), xs: { part: listed(stacked), number: numbers } },
    );
    const counts = found.sum({ axis: 0 });
    return scorer.wholeFrom(rest ? counts.add(countsOf(rest, count)) : counts, size);
  }
}

/** What the network says of samples, and what it should. */
function answerOf({ network, scorer, augment, recompute }: SlopeParts, { inputs, targets }: Samples, place: Place) {
  const { parameters, moving, frozen, key } = place;
  const { seen, wanted } = withScope("augment", () => augmented(augment, inputs, targets, scorer, key));
  const answer = network.forward(seen, parameters, moving, { training: true, key, frozen, recompute });
  return { answer, wanted };
}

function slopeOfPart(parts: SlopeParts, samples: Samples, place: Place, whole: Whole | undefined): Slope {
  const { network, scorer } = parts;

  // Forward: what does the network say?
  const { answer, wanted } = answerOf(parts, samples, place);
  // Loss: how wrong is that?
  const { loss, outputs } = withScope("loss", () => scorer.measure(wanted, answer, samples.weights, whole));
  // Gradient: how does the loss change with each parameter?
  return { loss, gradient: flatGradient(network, loss, answer.weights), moving: answer.state, outputs };
}

function mapSamples({ inputs, targets, weights }: Samples, change: (x: Tensor) => Tensor): Samples {
  return { inputs: inputs.map(change), targets: targets.map(change), weights: weights && change(weights) };
}

function listed({ inputs, targets, weights }: Samples): Tensor[] {
  return [...inputs, ...targets, ...(weights ? [weights] : [])];
}

/** The inverse of {@link listed}, for samples of as many columns as `like`. */
function samplesFrom(list: readonly Tensor[], like: Samples): Samples {
  const [inputs, targets] = [like.inputs.length, like.targets.length];
  return {
    inputs: list.slice(0, inputs),
    targets: list.slice(inputs, inputs + targets),
    weights: list[inputs + targets],
  };
}
