import type { RandomKey, Tensor } from "../tensor/index.ts";
import { checkOptions, fail, show } from "../util/index.ts";
import type { Augment } from "./augmentations/augmentation.ts";
import * as augmentations from "./augmentations/index.ts";
import type { Layer } from "./layer.ts";
import { createLayer, layerRegistry } from "./layer-registry.ts";
import { Registry } from "./registry.ts";

/** A layer or augmentation in a JSON file: its name and its options. */
export interface AugmentConfig {
  readonly kind: string;
  readonly [option: string]: unknown;
}

/** What changes batches: a function, a layer such as `layers.randomFlip()`, one of `augmentations`, or its JSON. */
export type AugmentPart = Augment | Pick<Layer, "definition"> | AugmentConfig;

/** One of these, or several in a row. */
export type AugmentSpec = AugmentPart | readonly AugmentPart[];

type Factory = (options: Readonly<Record<string, unknown>>) => Augment;

const registry = new Registry<Factory>("augmentation", augmentations as Readonly<Record<string, Factory>>);

/** The augmentations that change targets, too; layers do the rest. */
export const augmentationNames: readonly string[] = registry.names;

/** One function from what `fit` was given: the parts in a row, each with random numbers of its own. */
export function resolveAugment(spec: AugmentSpec): Augment {
  if (!Array.isArray(spec)) return partOf(spec as AugmentPart);
  const parts = (spec as readonly AugmentPart[]).map(partOf);
  if (parts.length === 1) return parts[0] as Augment;
  const augment: Augment = (x, key) => parts.reduce((changed, part, i) => part(changed, key.fold(i)), x);
  if (!parts.some(({ targets }) => targets)) return augment;
  return Object.assign(augment, {
    targets: (y: Tensor, key: RandomKey, x: Tensor) => {
      let [targets, inputs] = [y, x];
      parts.forEach((part, i) => {
        targets = part.targets?.(targets, key.fold(i), inputs) ?? targets;
        inputs = part(inputs, key.fold(i));
      });
      return targets;
    },
  });
}

function partOf(part: AugmentPart): Augment {
  if (typeof part === "function" && "definition" in part) return ofLayer(part as Pick<Layer, "definition">);
  if (typeof part === "function") return part as Augment;
  if (typeof part !== "object" || part === null || !("kind" in part) || typeof part.kind !== "string") {
    fail(
      `augment holds ${show(part)}`,
      "a function (x, key) => tensor, a layer, one of augmentations, or { kind, ...options }",
      'augment: [layers.randomFlip("horizontal"), augmentations.mixUp()]',
    );
  }
  const { kind, ...options } = part;
  if (registry.names.includes(kind)) return registry.get(kind)(options);
  checkOptions("augment", { [kind]: options }, [...registry.names, ...layerRegistry.names]);
  return ofLayer(createLayer(kind, options));
}

/** What a layer makes of its input while training. */
function ofLayer({ definition }: Pick<Layer, "definition">): Augment {
  return (x, key) => {
    const { kind } = definition;
    const sample = x.shape.slice(1);
    if (Object.keys(definition.weights([sample])).length > 0) {
      fail(`augment holds a ${kind} layer, which has weights`, "layers without weights", "put it into the model");
    }
    definition.outputShape([sample]);
    const update = () => fail(`a ${kind} layer updates a weight inside of augment`);
    const addLoss = () => fail(`a ${kind} layer adds a loss inside of augment`, undefined, "put it into the model");
    return definition.call([x], {}, { training: true, trainable: false, key, update, addLoss });
  };
}
