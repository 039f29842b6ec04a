import type { RandomKey, Tensor } from "../../tensor/index.ts";
import { fail, show } from "../../util/index.ts";
import type { Layer } from "../layer.ts";
import type { Augment } from "./augmentation.ts";

/** What changes batches: a function, a layer such as `layers.randomFlip()`, or one of `augmentations`. */
export type AugmentPart = Augment | Pick<Layer, "definition">;

/** One of these, or several in a row. */
export type AugmentSpec = AugmentPart | readonly AugmentPart[];

/**
 * One function from what `fit` was given: the parts in a row, each with random numbers of its own. Knows no names, so that a bundle
 * holds the layers that its program uses and no others; `resolveAugment` knows them.
 */
export function augmentOf(spec: AugmentSpec): Augment {
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
  fail(
    `augment holds ${show(part)}`,
    "a function (x, key) => tensor, a layer, or one of augmentations",
    'augment: [layers.randomFlip("horizontal"), augmentations.mixUp()]',
  );
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
