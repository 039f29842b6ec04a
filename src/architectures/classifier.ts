import { type ActivationSpec, layers, type SymbolicTensor } from "../nn/index.ts";
import { type Model, type ModelOptions, model } from "../train/index.ts";
import { checkOptions, fail, formatShape, type Shape, show } from "../util/index.ts";

/** What all networks that tell classes apart can be given. */
export interface ClassifierOptions {
  /** Units of the last layer; default 1000, ImageNet's classes, unless the docstring says otherwise. */
  classes?: number | undefined;
  /** One image, channels last; default [224, 224, 3], unless the docstring says otherwise. */
  inputShape?: Shape | undefined;
  /** Of the last layer; default "softmax" (Keras). "linear" gives logits, as torchvision's networks do. */
  classifierActivation?: ActivationSpec | undefined;
  /** False leaves out what follows the last convolution: the output is [height, width, channels]; default true (Keras). */
  includeTop?: boolean | undefined;
  /** Of the model; default the architecture's. */
  name?: string | undefined;
  /** Seed of the initial weights; default 0. */
  seed?: number | undefined;
}

/** With defaults filled in. */
export interface ClassifierSettings {
  readonly classes: number;
  readonly inputShape: Shape;
  readonly classifierActivation: ActivationSpec;
  readonly includeTop: boolean;
}

const NAMES = ["classes", "inputShape", "classifierActivation", "includeTop", "name", "seed"];

/** @throws DescentError for unknown options, and for images that are none. */
export function classifierSettings(
  kind: string,
  options: ClassifierOptions,
  names: readonly string[] = [],
  defaults: Partial<ClassifierSettings> = {},
): ClassifierSettings {
  checkOptions(kind, options, [...NAMES, ...names]);
  const settings = {
    classes: options.classes ?? defaults.classes ?? 1000,
    inputShape: imageShape(kind, options.inputShape ?? defaults.inputShape ?? [224, 224, 3]),
    classifierActivation: options.classifierActivation ?? "softmax",
    includeTop: options.includeTop ?? true,
  };
  atLeast(kind, "classes", settings.classes);
  return settings;
}

/** The model from `input` to `output`, named as the architecture unless the options say otherwise. */
export function named(
  kind: string,
  { name = kind, seed }: { name?: string | undefined; seed?: number | undefined },
  inputs: SymbolicTensor,
  outputs: ModelOptions["outputs"],
): Model {
  return model({ inputs, outputs, name, seed });
}

/** Channels to their means, to a probability for each class. */
export function classify(x: SymbolicTensor, name: string, settings: ClassifierSettings): SymbolicTensor {
  const means = layers.globalAveragePooling2d()(x); // [channels]
  return layers.dense(settings.classes, { name, activation: settings.classifierActivation })(means);
}

/** Refuses what is no shape of an image. */
export function imageShape(kind: string, shape: Shape): Shape {
  if (Array.isArray(shape) && shape.length === 3 && shape.every((size) => Number.isInteger(size) && size > 0))
    return shape;
  fail(
    `${kind} got inputShape ${Array.isArray(shape) ? formatShape(shape) : show(shape)}`,
    "[height, width, channels]",
  );
}

/** Refuses everything but a whole number of at least `least`. */
export function atLeast(kind: string, name: string, value: unknown, least = 1): void {
  if (!Number.isInteger(value) || (value as number) < least) {
    fail(`${kind} got ${name} = ${show(value)}`, `a whole number of at least ${least}`);
  }
}
