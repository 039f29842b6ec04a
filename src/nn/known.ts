import type { Tensor } from "../tensor/index.ts";
import { fail } from "../util/index.ts";
import type { SymbolicTensor } from "./graph.ts";

/** What of a network has been computed: tensors, and which of their places count. */
export class Known {
  readonly tensors = new Map<SymbolicTensor, Tensor>();
  readonly masks = new Map<SymbolicTensor, Tensor>();

  tensorOf(symbol: SymbolicTensor): Tensor {
    return this.tensors.get(symbol) ?? fail("a tensor is used before it is computed");
  }
}

/** What layers do besides giving an output. */
export interface Changes {
  readonly updates: Record<string, Tensor>;
  readonly losses: Record<string, Tensor>;
}

/** Computes layers, one after the other, from what is known. */
export type RunLayers = (symbols: readonly SymbolicTensor[], known: Known, changes: Changes) => void;
