import { concatenate, type Tensor } from "../../tensor/index.ts";
import { fail } from "../../util/index.ts";
import { checkWord } from "../checks.ts";
import type { LayerContext, WeightSpec } from "../definition.ts";
import { innerLayer } from "../inner-layer.ts";
import { checkLayerOptions, defineMergeLayer, type Layer, type LayerOptions } from "../layer.ts";
import { type Recurrence, recurrenceOf } from "../recurrent/recurrence.ts";

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
 * Applied to [x, ...states], it starts from these: those of the first direction, then those of the second.
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
  if (own["stateful"] !== undefined)
    fail("bidirectional got a stateful layer", "one that is not: what comes after a batch is not known before it");
  if (own["returnState"] === true) fail("bidirectional got a layer with returnState", "one that gives its output only");
  if (own["activityRegularizer"] !== undefined)
    fail(`bidirectional got a ${kind} layer with activityRegularizer`, "the penalty on bidirectional itself");
  const { mergeMode = "concat" } = options;
  checkWord("bidirectional", "mergeMode", mergeMode, Object.keys(MODES));
  const merge = MODES[mergeMode]!;
  const { states, returnSequences } = recurrence;
  const halves = <T>([x, ...given]: readonly T[]): [readonly T[], readonly T[]] => {
    if (given.length % 2 === 1 || ![0, 2 * states].includes(given.length))
      fail(`received ${given.length} states beside the sequence`, `none, or ${states} for each direction`);
    const half = given.length / 2;
    return [
      [x!, ...given.slice(0, half)],
      [x!, ...given.slice(half)],
    ];
  };

  return defineMergeLayer({
    kind: "bidirectional",
    options: { layer: inner, ...options },
    mask: (_, [mask]) => (returnSequences ? mask : undefined),
    outputShape(inputs) {
      const [forward, backward] = halves(inputs).map((half) => inner.definition.outputShape(half));
      const [units, ...places] = [...backward!].reverse();
      return mergeMode === "concat" ? [...places.reverse(), 2 * units!] : forward!;
    },
    weights(inputs) {
      const specs = Object.entries(inner.definition.weights(halves(inputs)[0]));
      const named = (direction: string) => specs.map(([name, spec]) => [`${direction}/${name}`, spec] as const);
      return Object.fromEntries<WeightSpec>([...named("forward"), ...named("backward")]);
    },
    call(inputs, weights, context) {
      const [forward, backward] = halves(inputs);
      return merge(
        recurrence.run(forward, directed(weights, "forward"), context, false),
        recurrence.run(backward, directed(weights, "backward"), otherKey(context, recurrence), true),
      );
    },
  });
}
bidirectional.positional = ["layer"];

/** The weights of one direction, by the names that the layer gave them. */
function directed(weights: Readonly<Record<string, Tensor>>, direction: string): Record<string, Tensor> {
  const own = Object.entries(weights).filter(([name]) => name.startsWith(`${direction}/`));
  return Object.fromEntries(own.map(([name, weight]) => [name.slice(direction.length + 1), weight]));
}

/** Random numbers of its own for the second direction, where it draws some. */
function otherKey(context: LayerContext, { draws }: Recurrence): LayerContext {
  return context.training && draws ? { ...context, key: context.key.fold(2) } : context;
}
