import { scan, stopGradient, type Tensor, where, zeros } from "../../tensor/index.ts";
import { fail, formatShape, type Shape, sameShape } from "../../util/index.ts";
import { checkCount, checkFlag, checkNumber } from "../checks.ts";
import type { LayerContext, LayerDefinition, WeightSpec } from "../definition.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import type { Initializer } from "../initializers.ts";
import { defineMergeLayer, type Layer, type LayerOptions, moving, trainable } from "../layer.ts";
import { givesStates, packed, packedShape } from "./states.ts";

/** Options of every recurrent layer. */
export interface RecurrentOptions extends LayerOptions {
  /** true: the output of every step, [batch, places, units]; false: of the last one, [batch, units]. Default false (Keras). */
  returnSequences?: boolean;
  /**
   * true: the output and then every state after the last step, as one list of numbers for each sample, which `statesOf` takes apart.
   * Default false (Keras).
   */
  returnState?: boolean;
  /** true: from the last place to the first; outputs come in that order too. Default false (Keras). */
  goBackwards?: boolean;
  /** Share of the input's features that training leaves out, the same ones at every step; default 0 (Keras). */
  dropout?: number;
  /** Share of the state's features that training leaves out, the same ones at every step (Gal & Ghahramani, 2016); default 0 (Keras). */
  recurrentDropout?: number;
  /** true: gradients compute a step again instead of keeping what it computed: less memory, more time. Default false. */
  recompute?: boolean;
  /**
   * So many sequences are in every batch, and each goes on in the next batch where it ended in the last, in training and after it; its
   * gradient ends where the batch begins. `model.resetStates()` begins anew. Default: every batch begins with zeros (Keras: `stateful`).
   */
  stateful?: number;
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
  "returnState",
  "goBackwards",
  "dropout",
  "recurrentDropout",
  "recompute",
  "stateful",
] as const;

export const DENSE_RECURRENT_OPTIONS = [
  ...RECURRENT_OPTIONS,
  "useBias",
  "kernelInitializer",
  "recurrentInitializer",
  "biasInitializer",
] as const;

type Weights = Readonly<Record<string, Tensor | undefined>>;

/** What happens at one place of a sequence. Shapes are those of one sample. */
export interface Cell {
  /** How many states go from step to step; the first one is the output. */
  readonly states: number;
  /** What there is at a place, of so many axes, as errors call it. */
  readonly place: { readonly rank: number; readonly sequences: string; readonly fix: string };
  /** The shape of each state, given that of a place. */
  stateShape(place: Shape): Shape;
  weights(place: Shape): Record<string, WeightSpec | undefined>;
  /** What steps need of the inputs, for all places at once: [places batch, ...place] -> [places batch, ...]. */
  project(x: Tensor, weights: Weights): Tensor;
  /** The states after a step. `recurrent` is the output before it, as far as it is not left out by dropout. */
  step(projected: Tensor, recurrent: Tensor, states: readonly Tensor[], weights: Weights): Tensor[];
}

/** What cells whose weights are matrices have in common. */
export function denseCell(units: number): Pick<Cell, "place" | "stateShape"> {
  const fix = "for one feature per place, put layers.reshape([-1, 1]) before it";
  return { place: { rank: 1, sequences: "sequences [places, features]", fix }, stateShape: () => [units] };
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
  return ([features = 1]) => ({
    kernel: trainable([features, gates * units], kernel),
    recurrentKernel: trainable([units, gates * units], recurrent),
    bias: useBias ? bias : undefined,
  });
}

/** Of biases [4 units] of an LSTM's gates: those of the forget gate begin at 1. */
export function forgetful(others: Initializer, units: number): Initializer {
  return { ...others, values: (shape, random) => others.values(shape, random).fill(1, units, 2 * units) };
}

/** The i-th of `count` equal parts of the features. */
export function gate(x: Tensor, i: number, count: number): Tensor {
  const size = (x.shape.at(-1) ?? 0) / count;
  return x.slice(...x.shape.slice(1).map(() => null), [i * size, (i + 1) * size]);
}

export function checkRecurrent(kind: string, options: RecurrentOptions): void {
  for (const name of ["returnSequences", "returnState", "goBackwards", "recompute"] as const) {
    if (options[name] !== undefined) checkFlag(kind, name, options[name]);
  }
  if (options.stateful !== undefined) checkCount(kind, "stateful", options.stateful);
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
  readonly returnState: boolean;
  readonly stateful: number | undefined;
  /** The shapes of the output and of every state. */
  parts(inputs: readonly Shape[]): Shape[];
  /** The output for [x, ...states], in one direction or the other, and the states at its end; outputs of sequences are at their places. */
  run(inputs: readonly Tensor[], weights: Weights, context: LayerContext, backwards: boolean): Ran;
}

interface Ran {
  readonly output: Tensor;
  readonly ends: readonly Tensor[];
}

const recurrences = new WeakMap<LayerDefinition, Recurrence>();

/** Undefined for layers that are not recurrent. */
export function recurrenceOf(definition: LayerDefinition): Recurrence | undefined {
  return recurrences.get(definition);
}

/**
 * A layer that applies a cell at every place of a sequence, one after the other, as one loop of the compiled program.
 *
 * @param all what its factory was given.
 */
export function recurrentLayer(kind: string, all: object, options: RecurrentOptions, cell: Cell): Layer {
  const { returnSequences = false, returnState = false, goBackwards = false } = options;
  const { stateful } = options;
  const parts = (inputs: readonly Shape[]): Shape[] => {
    const [places, place] = sequenceOf(inputs, cell);
    const state = cell.stateShape(place);
    return [returnSequences ? [places, ...state] : state, ...Array.from({ length: cell.states }, () => state)];
  };
  const compute = (inputs: readonly Tensor[], weights: Weights, context: LayerContext, goBackwards: boolean): Ran => {
    const { outputs, ends } = run(cell, { ...options, goBackwards }, inputs, weights, context);
    if (stateful !== undefined) ends.forEach((end, i) => void context.update(`state${i}`, stopGradient(end)));
    const [, , ...state] = outputs.shape.map((_, axis) => axis);
    return { output: returnSequences ? outputs.transpose([1, 0, ...state]) : (ends[0] as Tensor), ends };
  };
  const layer = defineMergeLayer({
    kind,
    options: all,
    ...(stateful !== undefined && { stateful }),
    stepwise: ([sequence, ...states]) =>
      returnSequences && !returnState && !goBackwards && sequence === true && !states.includes(true),
    mask: (_, [mask]) => (returnSequences ? mask && ordered(mask, options) : undefined),
    outputShape: (inputs) => {
      const own = parts(inputs);
      return returnState ? packedShape(own) : (own[0] as Shape);
    },
    weights([input = []]) {
      const [, ...place] = input;
      const shape = [stateful ?? 0, ...cell.stateShape(place)];
      const carried = Array.from({ length: stateful === undefined ? 0 : cell.states }, (_, i) => {
        return [`state${i}`, { ...moving(shape, "zeros"), carried: true }] as const;
      });
      return { ...cell.weights(place), ...Object.fromEntries<WeightSpec | undefined>(carried) };
    },
    call(inputs, weights, context) {
      const { output, ends } = compute(inputs, weights, context, goBackwards);
      const result = returnSequences ? ordered(output, options) : output;
      return returnState ? packed([result, ...ends]) : result;
    },
  });
  if (returnState) givesStates(layer.definition, { sequence: returnSequences, parts });
  recurrences.set(layer.definition, {
    states: cell.states,
    returnSequences,
    returnState,
    stateful,
    parts,
    run: compute,
  });
  return layer;
}

/** Outputs come in the order in which they were computed. */
function ordered(sequence: Tensor, { goBackwards = false }: RecurrentOptions): Tensor {
  return goBackwards ? sequence.flip(1) : sequence;
}

/** Places of the sequences that a layer gets and what is at each, with the states before the first step, if they are given. */
function sequenceOf([input, ...states]: readonly Shape[], cell: Cell): [places: number, place: Shape] {
  const { rank, sequences, fix } = cell.place;
  if (input?.length !== 1 + rank) {
    const found = `received samples of shape ${formatShape(input ?? [])}`;
    fail(found, sequences, input?.length === rank ? fix : undefined);
  }
  const [places = 0, ...place] = input;
  const state = cell.stateShape(place);
  const wrong = states.some((shape) => !sameShape(shape, state));
  if (wrong || (states.length > 0 && states.length !== cell.states)) {
    fail(
      `received states of shape ${states.map(formatShape).join(", ")} beside the sequence`,
      `none, or ${cell.states} of shape ${formatShape(state)}`,
    );
  }
  return [places, place];
}

/** The outputs of all steps [places, batch, ...state], at their places, and the states after the last one. */
function run(
  cell: Cell,
  options: RecurrentOptions,
  [x, ...given]: readonly Tensor[],
  weights: Weights,
  context: LayerContext,
): { outputs: Tensor; ends: readonly Tensor[] } {
  const { goBackwards = false, recompute = false, dropout = 0, recurrentDropout = 0, stateful } = options;
  const [batch = 0, places = 0, ...place] = x?.shape ?? [];
  if (stateful !== undefined && batch !== stateful) {
    fail(
      `a stateful layer received a batch of ${batch} sequences`,
      `${stateful} in every batch, as stateful says`,
      `use batchSize: ${stateful}, and a multiple of ${stateful} sequences`,
    );
  }
  const state = [batch, ...cell.stateShape(place)];
  const before = (i: number) => weights[`state${i}`] ?? zeros(state);
  const begins = given.length > 0 ? given : Array.from({ length: cell.states }, (_, i) => before(i));
  const { past } = context;
  const first = past ? begins.map((begin, i) => past.before(`state${i}`, begin)) : begins;
  const masked = keptFeatures(context, dropout, [batch, 1, ...place], 0);
  const input = masked ? x!.mul(masked) : x!;
  const axes = place.map((_, i) => i + 2);
  const rows = input.transpose([1, 0, ...axes]).reshape([places * batch, ...place]);
  const projected = cell.project(rows, weights);
  const xs = projected.reshape([places, batch, ...projected.shape.slice(1)]);
  const kept = keptFeatures(context, recurrentDropout, state, 1);
  const step = (states: readonly Tensor[], slice: Tensor): Tensor[] => {
    const [output] = states as [Tensor];
    return cell.step(slice, kept ? output.mul(kept) : output, states, weights);
  };
  const mask = context.masks?.[0]?.transpose([1, 0]).reshape([places, batch, ...state.slice(1).map(() => 1)]);
  const steps = { init: first, reverse: goBackwards, recompute };
  const [ends, outputs] = mask
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
  if (past) ends.forEach((end, i) => void past.keep(`state${i}`, end));
  return { outputs, ends };
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
