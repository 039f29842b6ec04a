import type { RandomKey, Tensor } from "../tensor/index.ts";
import type { Shape } from "../util/index.ts";
import type { Constraint } from "./constraints.ts";
import type { Initializer } from "./initializers.ts";
import type { Regularizer } from "./regularizers.ts";

/** A weight that a layer asks for. */
export interface WeightSpec {
  readonly shape: Shape;
  readonly initializer: Initializer;
  /** false: no gradient changes it, only the layer itself, through `context.update`. */
  readonly trainable: boolean;
  /** true: a trainable weight that training leaves as it is, as those that LoRA goes around. */
  readonly frozen?: boolean;
  /** true: what a layer goes on from in the next batch, until `resetStates` gives it its first values again. */
  readonly carried?: boolean;
  /** A penalty on it, added to the loss. */
  readonly regularizer?: Regularizer;
  /** What it must fulfill after every update. */
  readonly constraint?: Constraint;
}

/** A weight that is another layer's: see `LayerOptions.ties`. */
export interface TieSpec {
  /** The layer that has it, or its name in the network of this one. */
  readonly layer: LayerDefinition | string;
  readonly weight: string;
  readonly transpose: boolean;
}

/** What came before, while a sequence is made part by part; see {@link LayerDefinition.stepwise}. */
export interface Past {
  /** int32 []: how many places of the sequence come before these. */
  readonly position: Tensor;
  /** Places that a sequence has at most. */
  readonly length: number;
  /**
   * Keeps what a layer needs of these places later: [batch, ..., places, features] -> [batch, ..., length, features], all places
   * so far, zeros where none is yet.
   */
  append(name: string, values: Tensor): Tensor;
  /** What the layer kept of the places before, by {@link keep}; where there are none, `first`, of the same shape. */
  before(name: string, first: Tensor): Tensor;
  /** Keeps what the layer goes on from at the places after these. */
  keep(name: string, value: Tensor): void;
  /**
   * What a layer makes of whole inputs ({@link Past.whole}) and its weights alone, the same at all places: computed before the first one, then
   * kept. Nobody checks that: of a value that depends on inputs that grow, on `position`, on {@link Past.before} or on random numbers, all places
   * get what the first one would have, of a token that doesn't matter. Each name is used once by a layer, at every call.
   */
  settled(name: string, value: Tensor): Tensor;
  /** True of an input that does not grow: all of it was there before the first place. */
  whole(input: Tensor): boolean;
}

/** What a layer may know and do while its part of the graph is built. */
export interface LayerContext {
  readonly training: boolean;
  /** False while the layer is frozen: statistics that follow the data should then stay as they are. */
  readonly trainable: boolean;
  /** Random numbers of this layer in this step. */
  readonly key: RandomKey;
  /** Gives a non-trainable weight the value that it has after this step. */
  update(weight: string, value: Tensor): void;
  /**
   * Adds to the model's loss, beside what `compile` asked for: one number for the batch, or one per sample, [batch], whose
   * mean counts. Logs show it as "NAME_loss"; `name` is the layer's path by default. Values of one name are added up.
   */
  addLoss(value: Tensor, name?: string): void;
  /**
   * For each input, which places of its sequences count: bool [batch, places], false for padding; undefined: all do. Left out when no
   * input has any.
   */
  readonly masks?: readonly (Tensor | undefined)[] | undefined;
  /** Set when the inputs are but the next places of a sequence whose others came before. */
  readonly past?: Past | undefined;
}

/**
 * Whether a layer can be given sequences [places, ...] part by part. true: it treats all places alike, or asks `context.past` for the others;
 * of an input that is there as a whole it gets the same places. Or a function of which inputs grow, of a layer that takes others whole.
 */
export type Stepwise = boolean | ((growing: readonly boolean[]) => boolean);

/** What a layer is. All shapes here are those of one sample; only the tensors of `call` have the batch as first axis. */
export interface LayerDefinition {
  /** Name of its factory in the registry. */
  readonly kind: string;
  readonly name?: string;
  /** What its factory was given; the same record given to the factory again makes the same layer. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputShape?: Shape;
  /** Its inputs are whole numbers from 0 up to, but not, this: what an embedding can look up. Data are checked for it. */
  readonly indices?: number;
  /** Its inputs are texts, as `layers.input({ shape, dtype: "string" })` gives them. */
  readonly texts?: boolean;
  /** Those of its weights that are other layers', by name. */
  readonly ties?: Readonly<Record<string, TieSpec>>;
  /** Samples in every batch, when what one batch ends with is what the next one begins with. */
  readonly stateful?: number;
  /** False: frozen. Networks take it up when they are compiled. */
  trainable: boolean;
  /** It can be given a sequence [places, ...] part by part. */
  readonly stepwise?: Stepwise;
  /**
   * Which places of its output count, from its inputs and their masks. Default: a stepwise layer keeps the mask of its first input, for
   * the output of others there is none (Keras).
   */
  readonly mask?: (inputs: readonly Tensor[], masks: readonly (Tensor | undefined)[]) => Tensor | undefined;
  /** @throws DescentError "received ...": the layer's path is put before it. */
  outputShape(inputs: readonly Shape[]): Shape;
  weights(inputs: readonly Shape[]): Readonly<Record<string, WeightSpec>>;
  call(inputs: readonly Tensor[], weights: Readonly<Record<string, Tensor>>, context: LayerContext): Tensor;
  /**
   * As `call`, with a b added to its kernel (or embeddings), as [rest, last axis], from a [rest, rank] and b [rank, last axis]: where that
   * takes no matrix of the kernel's size. What LoRA trains with; without it the sum is formed.
   */
  readonly callChanged?:
    | ((
        inputs: readonly Tensor[],
        weights: Readonly<Record<string, Tensor>>,
        change: LowRank,
        context: LayerContext,
      ) => Tensor)
    | undefined;
}

/** A product of two small matrices. */
export interface LowRank {
  readonly a: Tensor;
  readonly b: Tensor;
}
