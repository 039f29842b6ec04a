import { concatenate, type Tensor } from "../../tensor/index.ts";
import { fail, type Shape } from "../../util/index.ts";
import { checkWord } from "../checks.ts";
import type { LayerContext, WeightSpec } from "../definition.ts";
import { innerLayer } from "../inner-layer.ts";
import { checkLayerOptions, defineMergeLayer, type Layer, type LayerOptions } from "../layer.ts";
import { recurrenceOf } from "../recurrent/recurrence.ts";
import { givesStates, packed, packedShape } from "../recurrent/states.ts";

export interface BidirectionalOptions extends LayerOptions {
  /** How both outputs become one; default "concat" (Keras). */
  mergeMode?: "concat" | "sum" | "mul" | "ave";
}

const MODES: Readonly<Record<string, (forward: Tensor, backward: Tensor) => Tensor>> = {
  concat: (a, b) => concatenate([a, b], { axis: -1 }),
  sum: (a, b) => a.add(b),
  mul: (a, b) => a.mul(b),
  ave: (a, b) => a.add(b).mul(0.5),
};

/**
 * A recurrent layer and a second one of its kind that goes through the sequence from its end (Schuster & Paliwal, 1997); what both say of
 * a place is put together: [batch, places, features] -> [batch, 2 units], or [batch, places, 2 units] when the layer returns sequences.
 * Applied to [x, ...states], it starts from these: those of the first direction, then those of the second, as `statesOf` gives them of a layer
 * with `returnState`. Of a stateful layer each direction goes on where it ended in the last batch (Keras).
 * Weights: those of the layer, twice: forward/kernel, ..., backward/kernel, ...
 *
 * @param layer `simpleRnn`, `lstm` or `gru`.
 *
 * @example
 * sequential([layers.bidirectional(layers.gru(16), { inputShape: [20, 3] }), layers.dense(1)]);
 */
export function bidirectional(layer: Layer, options: BidirectionalOptions = {}): Layer {
  checkLayerOptions("bidirectional", options, ["mergeMode"]);
  const inner = innerLayer("bidirectional", layer);
  const { kind, options: own } = inner.definition;
  const recurrence = recurrenceOf(inner.definition);
  if (!recurrence) fail(`bidirectional got a ${kind} layer`, "simpleRnn, lstm or gru");
  if (own["goBackwards"] === true) fail("bidirectional got a layer that goes backwards", "one that goes forward");
  if (own["activityRegularizer"] !== undefined)
    fail(`bidirectional got a ${kind} layer with activityRegularizer`, "the penalty on bidirectional itself");
  const { mergeMode = "concat" } = options;
  checkWord("bidirectional", "mergeMode", mergeMode, Object.keys(MODES));
  const merge = MODES[mergeMode]!;
  const { states, returnSequences, returnState, stateful } = recurrence;
  const halves = <T>([x, ...given]: readonly T[]): [readonly T[], readonly T[]] => {
    if (given.length % 2 === 1 || ![0, 2 * states].includes(given.length))
      fail(`received ${given.length} states beside the sequence`, `none, or ${states} for each direction`);
    const half = given.length / 2;
    return [
      [x!, ...given.slice(0, half)],
      [x!, ...given.slice(half)],
    ];
  };
  const parts = (inputs: readonly Shape[]): Shape[] => {
    const [[output, ...ends], [, ...others]] = halves(inputs).map((half) => recurrence.parts(half)) as [
      Shape[],
      Shape[],
    ];
    const merged = mergeMode === "concat" ? [...output!.slice(0, -1), 2 * (output!.at(-1) ?? 1)] : output!;
    return [merged, ...ends, ...others];
  };

  const both = defineMergeLayer({
    kind: "bidirectional",
    options: { layer: inner, ...options },
    ...(stateful !== undefined && { stateful }),
    mask: (_, [mask]) => (returnSequences ? mask : undefined),
    outputShape(inputs) {
      const own = parts(inputs);
      return returnState ? packedShape(own) : own[0]!;
    },
    weights(inputs) {
      const specs = Object.entries(inner.definition.weights(halves(inputs)[0]));
      const named = (direction: string) => specs.map(([name, spec]) => [`${direction}/${name}`, spec] as const);
      return Object.fromEntries<WeightSpec>([...named("forward"), ...named("backward")]);
    },
    call(inputs, weights, context) {
      const [one, other] = halves(inputs);
      const forward = recurrence.run(one, directed(weights, "forward"), inDirection(context, "forward"), false);
      const backward = recurrence.run(other, directed(weights, "backward"), inDirection(context, "backward"), true);
      const output = merge(forward.output, backward.output);
      return returnState ? packed([output, ...forward.ends, ...backward.ends]) : output;
    },
  });
  if (returnState) givesStates(both.definition, { sequence: returnSequences, parts });
  return both;
}
bidirectional.positional = ["layer"];

/** The weights of one direction, by the names that the layer gave them. */
function directed(weights: Readonly<Record<string, Tensor>>, direction: string): Record<string, Tensor> {
  const own = Object.entries(weights).filter(([name]) => name.startsWith(`${direction}/`));
  return Object.fromEntries(own.map(([name, weight]) => [name.slice(direction.length + 1), weight]));
}

/** What a direction sees: weights of its own to change, and the second one random numbers of its own. */
function inDirection(context: LayerContext, direction: "forward" | "backward"): LayerContext {
  return {
    training: context.training,
    trainable: context.trainable,
    masks: context.masks,
    get key() {
      return direction === "forward" ? context.key : context.key.fold(2);
    },
    update: (weight, value) => context.update(`${direction}/${weight}`, value),
    addLoss: (value, name) => context.addLoss(value, name),
  };
}
