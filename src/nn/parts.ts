import type { Tensor } from "../tensor/index.ts";
import type { Shape } from "../util/index.ts";
import type { LayerContext, WeightSpec } from "./definition.ts";
import type { Layer } from "./layer.ts";

/** Layers inside of a layer: their weights are its own, under "PART.weight". */
export class Parts {
  constructor(private readonly layers: Readonly<Record<string, Layer>>) {}

  /** The weights of all parts, given the shapes of what each receives. */
  weights(received: Readonly<Record<string, readonly Shape[]>>): Record<string, WeightSpec> {
    return Object.fromEntries(
      Object.entries(this.layers).flatMap(([part, { definition }]) =>
        Object.entries(definition.weights(received[part] ?? [])).map(([name, spec]) => [`${part}.${name}`, spec]),
      ),
    );
  }

  /** Calls parts by name: each has its own weights, random numbers and past. */
  within(weights: Readonly<Record<string, Tensor>>, context: LayerContext) {
    return (part: string, inputs: readonly Tensor[], masks: LayerContext["masks"] = []): Tensor => {
      const layer = this.layers[part] as Layer;
      const own = Object.entries(weights).filter(([name]) => name.startsWith(`${part}.`));
      const number = Object.keys(this.layers).indexOf(part);
      const { past } = context;
      return layer.definition.call(
        inputs,
        Object.fromEntries(own.map(([name, weight]) => [name.slice(part.length + 1), weight])),
        {
          training: context.training,
          trainable: context.trainable,
          get key() {
            return context.key.fold(number);
          },
          update: (name, value) => context.update(`${part}.${name}`, value),
          addLoss: (value, name) => context.addLoss(value, name),
          masks,
          past: past && {
            ...past,
            append: (name, values) => past.append(`${part}.${name}`, values),
            before: (name, first) => past.before(`${part}.${name}`, first),
            keep: (name, value) => past.keep(`${part}.${name}`, value),
            settled: (name, value) => past.settled(`${part}.${name}`, value),
          },
        },
      );
    };
  }
}
