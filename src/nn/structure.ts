import type { LayerDefinition } from "./definition.ts";
import type { SymbolicTensor } from "./graph.ts";
import type { Weight } from "./weights.ts";

/** A layer of a network, under its unique name. */
export interface NetworkLayer {
  readonly path: string;
  readonly definition: LayerDefinition;
  /** Its uses, one per application: weights are shared among them. */
  readonly calls: readonly SymbolicTensor[];
  readonly weights: readonly Weight[];
}

/** How a network is put together. */
export interface NetworkStructure {
  readonly name: string;
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** In the order in which they are computed. */
  readonly layers: readonly NetworkLayer[];
  /** Every tensor, each after what it is computed from. */
  readonly order: readonly SymbolicTensor[];
}
