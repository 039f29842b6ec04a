import { createLayer, type Layer, layers } from "../../nn/index.ts";
import { type Model, sequential } from "../../train/index.ts";

/** A layer by its name and options. */
export interface LayerConfig {
  readonly kind: string;
  readonly [option: string]: unknown;
}

export type AugmentConfig = LayerConfig;

/** The model of these layers, one after the other. */
export function stackOf(configs: readonly LayerConfig[], seed: number): Model {
  return sequential(configs.map(layerOf), { seed });
}

export function layerOf({ kind, ...options }: LayerConfig): Layer {
  return createLayer(kind, options);
}

/** The same layer as a program calls it: layers.dense(10, { activation: "softmax" }). */
export function layerCode({ kind, ...options }: LayerConfig): string {
  const { positional = [] } = layers[kind as keyof typeof layers] as { readonly positional?: readonly string[] };
  const first = positional.map((name) => JSON.stringify(options[name]));
  const rest = Object.entries(options).filter(([name]) => !positional.includes(name));
  const object = rest.map(([name, value]) => `${name}: ${valueCode(value)}`).join(", ");
  return `layers.${kind}(${[...first, ...(rest.length > 0 ? [`{ ${object} }`] : [])].join(", ")})`;
}

function valueCode(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(valueCode).join(", ")}]` : JSON.stringify(value);
}
