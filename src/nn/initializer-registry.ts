import { fail, formatShape, type HostRandom, product, type Shape } from "../util/index.ts";
import * as initializers from "./initializers.ts";
import { FactoryRegistry } from "./registry.ts";

type Factories = typeof initializers;

export type InitializerName = keyof Factories;

/** A name with options, such as { kind: "randomNormal", stddev: 0.01 }. */
export type InitializerConfig = {
  [K in InitializerName]: Factories[K] extends (options?: infer Options) => initializers.Initializer
    ? { kind: K } & Options
    : never;
}[InitializerName];

/** Any function that gives a weight's elements, row by row. */
export type InitializerFunction = (shape: Shape, random: HostRandom) => ArrayLike<number>;

/** What an initializer option accepts. */
export type InitializerSpec = InitializerName | InitializerConfig | initializers.Initializer | InitializerFunction;

export const initializerRegistry = new FactoryRegistry<initializers.Initializer, InitializerFunction>(
  "initializer",
  initializers,
  (generate, kind) => ({
    kind,
    options: {},
    values(shape, random) {
      const values = Float32Array.from(generate(shape, random) ?? []);
      if (values.length === product(shape)) return values;
      fail(
        `a custom initializer gave ${values.length} numbers for a weight of shape ${formatShape(shape)}`,
        "one each",
      );
    },
  }),
);

/** The built-in initializers' names. */
export const initializerNames: readonly InitializerName[] = initializerRegistry.names as InitializerName[];

/**
 * The initializer that an option stands for.
 *
 * @example
 * resolveInitializer("heNormal").values([784, 128], new HostRandom(1)); // Float32Array of 784 * 128 numbers
 *
 * @throws DescentError for an unknown name (with the nearest known one) or unknown options of it.
 */
export function resolveInitializer(spec: InitializerSpec): initializers.Initializer {
  return initializerRegistry.resolve(spec);
}

/**
 * Names a custom initializer, so that models using it can be saved and loaded; returns it.
 *
 * @example
 * const halves = registerInitializer("halves", (shape) => new Float32Array(product(shape)).fill(0.5));
 */
export function registerInitializer(name: string, initializer: InitializerFunction): InitializerFunction {
  initializerRegistry.register(name, initializer);
  return initializer;
}
