import { createLayer, type Layer, type NamedAugment, resolveAugment } from "../../nn/index.ts";
import type { Precision } from "../../tensor/index.ts";
import {
  type Callback,
  type CompileOptions,
  callbacks,
  type FitOptions,
  type Model,
  sequential,
} from "../../train/index.ts";
import { type Shape, unknownName } from "../../util/index.ts";
import type { Config, ModelRequest } from "../config/define.ts";
import type { LoadedConfig } from "../config/load.ts";
import { check, layerSchema } from "../config/schema.ts";
import { EXIT, part, refuse } from "../exit.ts";
import { isLanguageModel, LANGUAGE_COMPILE, languageModel } from "../language/model.ts";

/** The compiled model of a config, for samples of one shape. */
export async function buildModel(
  { config, path }: LoadedConfig,
  request: ModelRequest,
  precision?: Precision,
): Promise<Model> {
  const { model: given } = config;
  const asked = precision && { precision };
  const { vocabulary } = request;
  if (vocabulary !== undefined && isLanguageModel(given) && !isModel(given)) {
    const [context = 1] = request.inputShape;
    const wanted = { context, vocabulary, seed: request.seed };
    return part(
      EXIT.usage,
      () => {
        const compile = (config.compile as CompileOptions | undefined) ?? LANGUAGE_COMPILE;
        return languageModel(given, wanted).compile({ ...compile, ...asked });
      },
      `${path}: model`,
    );
  }
  const compile = config.compile ?? (vocabulary !== undefined && Array.isArray(given) ? LANGUAGE_COMPILE : undefined);
  const model = Array.isArray(given) ? await stack(given, request, path) : await makeModel(given, request, path);
  if (compile) {
    const options = { ...compile, ...asked } as unknown as NonNullable<Config["compile"]>;
    await part(EXIT.usage, () => model.compile(options), path);
  } else if (precision) {
    refuse(EXIT.usage, `--precision, and the model of ${path} compiles itself`, "precision among its compile options");
  }
  return model;
}

async function makeModel(given: unknown, request: ModelRequest, path: string): Promise<Model> {
  const made: unknown =
    typeof given === "function" && !isModel(given)
      ? await part(EXIT.usage, () => given(request), `${path}: model()`)
      : given;
  if (isModel(made)) return made;
  return refuse(
    EXIT.usage,
    `${path}: model is no model`,
    "a list of layers, sequential([...]), or a function that makes one",
  );
}

/** By what it can do, not by its class: the config may have another copy of this package. */
function isModel(value: unknown): value is Model {
  if (typeof value !== "function" && (typeof value !== "object" || value === null)) return false;
  return ["compile", "fit", "evaluate", "predict", "save"].every(
    (name) => typeof (value as Record<string, unknown>)[name] === "function",
  );
}

/** Layers one after the other; the first learns the shape of the samples when it names none. */
function stack(list: readonly unknown[], { inputShape, seed }: ModelRequest, path: string): Promise<Model> {
  if (list.length === 0) refuse(EXIT.usage, `${path}: model has no layers`, "at least one");
  return part(
    EXIT.usage,
    async () => {
      const layers = [];
      for (const [i, item] of list.entries()) {
        layers.push(
          await part(
            EXIT.usage,
            () => layerOf(item, i === 0 ? inputShape : undefined, path, i),
            `${path}: model[${i}]`,
          ),
        );
      }
      return sequential(layers, { seed });
    },
    `${path}: model`,
  );
}

function layerOf(item: unknown, inputShape: Shape | undefined, path: string, i: number): Layer {
  if (typeof item === "function" && "definition" in item) return item as Layer;
  const { kind, ...options } = check(layerSchema, item, path, `model[${i}]`);
  return createLayer(kind, inputShape && !("inputShape" in options) ? { ...options, inputShape } : options);
}

/** A config's `fit` as `model.fit` takes it: what JSON can only name is made. */
export function fitOptionsOf({ config: { fit = {} }, path }: LoadedConfig): Promise<FitOptions> {
  return part(
    EXIT.usage,
    () => {
      const { callbacks: list, augment, ...options } = fit;
      if (list !== undefined && !Array.isArray(list)) refuse(EXIT.usage, `${path}: fit.callbacks is no list`);
      return {
        ...options,
        ...(list !== undefined && { callbacks: (list as unknown[]).map(callbackOf) }),
        ...(augment !== undefined && { augment: resolveAugment(augment as NamedAugment) }),
      };
    },
    `${path}: fit`,
  );
}

function callbackOf(item: unknown): Callback {
  if (typeof item !== "object" || item === null)
    refuse(EXIT.usage, "a callback is no object", '{ "kind": "earlyStopping" }');
  if (!("kind" in item)) return item as Callback;
  const { kind, ...options } = item as { kind: unknown };
  const makers: Record<string, (options: object) => Callback> = { ...callbacks };
  const make = makers[String(kind)];
  return make ? make(options) : unknownName("callback", String(kind), Object.keys(makers));
}
