import { scan, type Tensor, where, zeros } from "../../tensor/index.ts";
import { fail, formatShape, type Shape } from "../../util/index.ts";
import { checkCount, checkFlag, checkNumber } from "../checks.ts";
import type { LayerContext, LayerDefinition, WeightSpec } from "../definition.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { defineMergeLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";

/** Options of every recurrent layer. */
export interface RecurrentOptions extends LayerOptions {
  /** true: the output of every step, [batch, places, units]; false: of the last one, [batch, units]. Default false (Keras). */
  returnSequences?: boolean;
  /** true: from the last place to the first; outputs come in that order too. Default false (Keras). */
  goBackwards?: boolean;
  /** Share of the input's features that training leaves out, the same ones at every step; default 0 (Keras). */
  dropout?: number;
  /** Share of the state's features that training leaves out, the same ones at every step (Gal & Ghahramani, 2016); default 0 (Keras). */
  recurrentDropout?: number;
  /** true: gradients compute a step again instead of keeping what it computed: less memory, more time. Default false. */
  recompute?: boolean;
}

/** Options of recurrent layers whose weights are matrices. */
export interface DenseRecurrentOptions extends RecurrentOptions {
  /** Default true (Keras). */
  useBias?: boolean;
  /** Default "glorotUniform" (Keras). */
  kernelInitializer?: InitializerSpec;
  /** Default "orthogonal" (Keras; Saxe et al., 2014). */
  recurrentInitializer?: InitializerSpec;
  /** Default "zeros" (Keras). */
  biasInitializer?: InitializerSpec;
}

export const RECURRENT_OPTIONS = [
  "returnSequences",
  "goBackwards",
  "dropout",
  "recurrentDropout",
  "recompute",
] as const;

export const DENSE_RECURRENT_OPTIONS = [
  ...RECURRENT_OPTIONS,
  "useBias",
  "kernelInitializer",
  "recurrentInitializer",
  "biasInitializer",
] as const;

type Weights = Readonly<Record<string, Tensor | undefined>>;

/** What happens at one place of a sequence. */
export interface Cell {
  /** How many states go from step to step, each [batch, units]; the first one is the output. */
  readonly states: number;
  weights(features: number): Record<string, WeightSpec | undefined>;
  /** What steps need of the inputs, for all places at once: [places batch, features] -> [places batch, ..]. */
  project(x: Tensor, weights: Weights): Tensor;
  /** The states after a step. `recurrent` is the output before it, as far as it is not left out by dropout. */
  step(projected: Tensor, recurrent: Tensor, states: readonly Tensor[], weights: Weights): Tensor[];
}

/** The weights of a cell of `gates` gates side by side. */
export function gatedWeights(
  units: number,
  gates: number,
  options: DenseRecurrentOptions,
  bias: WeightSpec = trainable([gates * units], options.biasInitializer ?? "zeros"),
): Cell["weights"] {
  const { useBias = true } = options;
  const kernel = resolveInitializer(options.kernelInitializer ?? "glorotUniform");
  const recurrent = resolveInitializer(options.recurrentInitializer ?? "orthogonal");
  return (features) => ({
    kernel: trainable([features, gates * units], kernel),
    recurrentKernel: trainable([units, gates * units], recurrent),
    bias: useBias ? bias : undefined,
  });
}

/** The i-th of `count` equal parts of the features. */
export function gate(x: Tensor, i: number, count: number): Tensor {
  const size = (x.shape.at(-1) ?? 0) / count;
  return x.slice(null, [i * size, (i + 1) * size]);
}

export function checkRecurrent(kind: string, units: number, options: RecurrentOptions): void {
  checkCount(kind, "units", units);
  for (const name of ["returnSequences", "goBackwards", "recompute"] as const) {
    if (options[name] !== undefined) checkFlag(kind, name, options[name]);
  }
  for (const name of ["dropout", "recurrentDropout"] as const) {
    const { [name]: rate = 0 } = options;
    checkNumber(kind, name, rate, 0, 1);
    if (rate === 1) fail(`${kind} got ${name} = 1, which leaves nothing`, "a number from 0 up to, but not, 1");
  }
}

/** A recurrent layer as others see it that build on it. */
export interface Recurrence {
  readonly states: number;
  readonly returnSequences: boolean;
  /** Whether it draws random numbers in training. */
  readonly draws: boolean;
  /** The output for [x, ...states], in one direction or the other; outputs of sequences are at their places. */
  run(inputs: readonly Tensor[], weights: Weights, context: LayerContext, backwards: boolean): Tensor;
}

const recurrences = new WeakMap<LayerDefinition, Recurrence>();

/** Undefined for layers that are not recurrent. */
export function recurrenceOf(definition: LayerDefinition): Recurrence | undefined {
  return recurrences.get(definition);
}

/** A layer that applies a cell at every place of a sequence, one after the other, as one loop of the compiled program. */
export function recurrentLayer(kind: string, units: number, options: RecurrentOptions, cell: Cell): Layer {
  const { returnSequences = false, dropout = 0, recurrentDropout = 0 } = options;
  const recurrence: Recurrence = {
    states: cell.states,
    returnSequences,
    draws: dropout > 0 || recurrentDropout > 0,
    run(inputs, weights, context, goBackwards) {
      const { outputs, end } = run(cell, units, { ...options, goBackwards }, inputs, weights, context);
      return returnSequences ? outputs.transpose([1, 0, 2]) : end;
    },
  };
  const layer = defineMergeLayer({
    kind,
    options: { units, ...options },
    mask: (_, [mask]) => (returnSequences ? mask && ordered(mask, options) : undefined),
    outputShape(inputs) {
      const [places] = sequenceOf(inputs, units, cell.states);
      return returnSequences ? [places, units] : [units];
    },
    weights: ([input]) => cell.weights(input?.[1] ?? 1),
    call: (inputs, weights, context) => {
      const output = recurrence.run(inputs, weights, context, options.goBackwards ?? false);
      return returnSequences ? ordered(output, options) : output;
    },
  });
  recurrences.set(layer.definition, recurrence);
  return layer;
}

/** Outputs come in the order in which they were computed. */
function ordered(sequence: Tensor, { goBackwards = false }: RecurrentOptions): Tensor {
  return goBackwards ? sequence.flip(1) : sequence;
}

/** Places and features of the sequences that a layer gets, with the states before the first step, if they are given. */
function sequenceOf(
  [input, ...states]: readonly Shape[],
  units: number,
  count: number,
): [places: number, features: number] {
  if (input?.length !== 2) {
    fail(
      `received samples of shape ${formatShape(input ?? [])}`,
      "sequences [places, features]",
      input?.length === 1 ? "for one feature per place, put layers.reshape([-1, 1]) before it" : undefined,
    );
  }
  const wrong = states.find((state) => state.length !== 1 || state[0] !== units);
  if (wrong || (states.length > 0 && states.length !== count)) {
    fail(
      `received states of shape ${states.map(formatShape).join(", ")} beside the sequence`,
      `none, or ${count} of shape [${units}]`,
    );
  }
  return [input[0]!, input[1]!];
}

/** The outputs of all steps [places, batch, units], at their places, and the last one. */
function run(
  cell: Cell,
  units: number,
  options: RecurrentOptions,
  [x, ...given]: readonly Tensor[],
  weights: Weights,
  context: LayerContext,
): { outputs: Tensor; end: Tensor } {
  const { goBackwards = false, recompute = false, dropout = 0, recurrentDropout = 0 } = options;
  const [batch = 0, places = 0, features = 0] = x?.shape ?? [];
  const first = given.length > 0 ? given : Array.from({ length: cell.states }, () => zeros([batch, units]));
  const masked = keptFeatures(context, dropout, [batch, 1, features], 0);
  const input = masked ? x!.mul(masked) : x!;
  const rows = input.transpose([1, 0, 2]).reshape([places * batch, features]);
  const projected = cell.project(rows, weights);
  const xs = projected.reshape([places, batch, projected.shape.at(-1) ?? 1]);
  const kept = keptFeatures(context, recurrentDropout, [batch, units], 1);
  const step = (states: readonly Tensor[], slice: Tensor): Tensor[] => {
    const [output] = states as [Tensor];
    return cell.step(slice, kept ? output.mul(kept) : output, states, weights);
  };
  const mask = context.masks?.[0]?.transpose([1, 0]).expandDims(2); // [places, batch, 1]
  const steps = { init: first, reverse: goBackwards, recompute };
  const [end, outputs] = mask
    ? scan(
        // Where there is padding, nothing happens.
        (states: readonly Tensor[], slice: { x: Tensor; real: Tensor }) => {
          const next = step(states, slice.x).map((state, i) => where(slice.real, state, states[i]!));
          return [next, next[0]!] as const;
        },
        { ...steps, xs: { x: xs, real: mask } },
      )
    : scan(
        (states: readonly Tensor[], slice: Tensor) => {
          const next = step(states, slice);
          return [next, next[0]!] as const;
        },
        { ...steps, xs },
      );
  return { outputs, end: end[0]! };
}

/** Factors of dropout, 0 or 1 / (1 - rate); undefined where nothing is left out. */
function keptFeatures({ training, key }: LayerContext, rate: number, shape: Shape, use: number): Tensor | undefined {
  if (!training || rate === 0) return undefined;
  return key
    .fold(use)
    .bernoulli(1 - rate, shape)
    .cast("float32")
    .mul(1 / (1 - rate));
}
