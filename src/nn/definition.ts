import type { RandomKey, Tensor } from "../tensor/index.ts";
import type { Shape } from "../util/index.ts";
import type { Initializer } from "./initializers.ts";

/** A weight that a layer asks for. */
export interface WeightSpec {
  readonly shape: Shape;
  readonly initializer: Initializer;
  /** false: no gradient changes it, only the layer itself, through `context.update`. */
  readonly trainable: boolean;
}

/** What a layer may know and do while its part of the graph is built. */
export interface LayerContext {
  readonly training: boolean;
  /** Random numbers of this layer in this step. */
  readonly key: RandomKey;
  /** Gives a non-trainable weight the value that it has after this step. */
  update(weight: string, value: Tensor): void;
}

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
  /** @throws DescentError "received ...": the layer's path is put before it. */
  outputShape(inputs: readonly Shape[]): Shape;
  weights(inputs: readonly Shape[]): Readonly<Record<string, WeightSpec>>;
  call(inputs: readonly Tensor[], weights: Readonly<Record<string, Tensor>>, context: LayerContext): Tensor;
}
