import type { Model } from "descent";
import { slotsOf } from "./cost.ts";
import type { TrainingTask } from "./task.ts";

/** Layers whose gradient needs what they were given: products and normalizations; pooling finds its maxima in it. */
const NEEDS_INPUT = new Set([
  "dense",
  "conv2d",
  "batchNormalization",
  "maxPooling2d",
  "layerNormalization",
  "multiHeadAttention",
  "lstm",
]);
const PRODUCTS = new Set(["dense", "conv2d"]);
type Options = { readonly [name: string]: unknown };

/** Layers whose gradient can be told from their result, which is given to another layer. */
const NEEDS_OUTPUT = (kind: string, options: Options) =>
  kind === "activation" || kind === "lstm" || (options.activation !== undefined && options.activation !== "linear");

/** Activations that fall and rise: what they were given can't be told from their result. */
const NOT_MONOTONIC = new Set(["gelu", "silu", "mish"]);

/** What a layer keeps besides its input and result, in elements; `size`: of its result, [places, width] of one sample. */
function innerSize(kind: string, options: Options, size: number, shape: readonly number[]): number {
  const [places = 1, width = 1] = shape;
  if (kind === "multiHeadAttention") {
    // Queries, keys, values, what is mixed of them, and how much of each place goes into each other one.
    return 4 * size + (size / width) * Number(options.numHeads) * places;
  }
  if (kind === "lstm") return 5 * size; // gates, and the cell's state, of which no output tells
  return NOT_MONOTONIC.has(String(options.activation)) ? size : 0;
}

/** Bytes, of float32. */
export interface MemoryBound {
  readonly parameters: number;
  /** What the optimizer keeps. */
  readonly slots: number;
  readonly input: number;
  /**
   * The most that is alive at a time, of what the forward pass must leave to the backward pass (each tensor once, however many layers need
   * it) and of gradients: while a product's gradient is taken, those of its result and of its input.
   */
  readonly activations: number;
}

/**
 * The least memory of a training step that recomputes nothing. Layers that only move numbers (flatten) or whose gradient
 * needs nothing (add, dropout: its mask can be drawn again) keep nothing; the gradients of parameters count nothing, since each can be used
 * up by its update as soon as it is there.
 */
export function memoryBound(task: TrainingTask, network: Model): MemoryBound {
  const size = new Map<string, number>();
  const shapes = new Map<string, readonly number[]>();
  for (const { path, calls } of network.layers) {
    const shape = calls[0]?.shape ?? [];
    shapes.set(path, shape);
    size.set(path, task.batch * shape.reduce((total, axis) => total * axis, 1));
  }
  /** Whose numbers a layer's result are: flatten makes none of its own. */
  const source = new Map<string, string>();
  const origin = (name: string): string => source.get(name) ?? name;
  const kept = new Set<string>();
  for (const { name, kind, options, inputs } of task.layers) {
    if (kind === "flatten") source.set(name, origin(inputs[0] ?? ""));
    if (NEEDS_INPUT.has(kind)) for (const input of inputs) kept.add(origin(input));
    if (NEEDS_OUTPUT(kind, options)) kept.add(origin(name));
  }
  const last = task.layers.at(-1)?.name;
  if (last) kept.add(last); // for the loss's gradient
  const place = new Map(task.layers.map(({ name }, i) => [name, i]));
  /** What is kept of the layers before one; the network's input, which is none of them, is counted by itself. */
  const keptBefore = (end: number) =>
    [...kept].reduce((sum, name) => sum + ((place.get(name) ?? end) < end ? (size.get(name) ?? 0) : 0), 0) +
    task.layers
      .slice(0, end)
      .reduce(
        (sum, { name, kind, options }) => sum + innerSize(kind, options, size.get(name) ?? 0, shapes.get(name) ?? []),
        0,
      );
  const alive = task.layers.map(({ name, kind, inputs: [input = ""] }, i) => {
    if (!PRODUCTS.has(kind)) return 0;
    const inner = place.has(input) ? (size.get(input) ?? 0) : 0; // nobody asks for the gradient of the network's input
    return keptBefore(i) + (size.get(name) ?? 0) + inner;
  });
  const activations = Math.max(keptBefore(task.layers.length), ...alive);
  const parameters = 4 * network.parameters.length;
  return {
    parameters,
    slots: parameters * slotsOf(task.optimizer),
    input: 4 * task.batch * task.inputShape.reduce((total, axis) => total * axis, 1),
    activations: 4 * activations,
  };
}
