import { checkOptions } from "../util/index.ts";
import type { Augment } from "./augmentations/augmentation.ts";
import * as augmentations from "./augmentations/index.ts";
import { type AugmentPart, augmentOf } from "./augmentations/resolve.ts";
import { createLayer, layerRegistry } from "./layer-registry.ts";
import { Registry } from "./registry.ts";

/** A layer or augmentation in a JSON file: its name and its options. */
export interface AugmentConfig {
  readonly kind: string;
  readonly [option: string]: unknown;
}

/** A part of `augment`, or its JSON. */
export type NamedAugment = AugmentPart | AugmentConfig;

type Factory = (options: Readonly<Record<string, unknown>>) => Augment;

const registry = new Registry<Factory>("augmentation", augmentations as Readonly<Record<string, Factory>>);

/** The augmentations that change targets, too; layers do the rest. */
export const augmentationNames: readonly string[] = registry.names;

/** As `fit` takes it, from parts that may be JSON. */
export function resolveAugment(spec: NamedAugment | readonly NamedAugment[]): Augment {
  return augmentOf(Array.isArray(spec) ? (spec as readonly NamedAugment[]).map(partOf) : partOf(spec as NamedAugment));
}

function partOf(part: NamedAugment): AugmentPart {
  if (typeof part !== "object" || part === null || !("kind" in part)) return part as AugmentPart;
  const { kind, ...options } = part as AugmentConfig;
  if (registry.names.includes(kind)) return registry.get(kind)(options);
  checkOptions("augment", { [kind]: options }, [...registry.names, ...layerRegistry.names]);
  return createLayer(kind, options);
}
