import type { Tensor } from "../tensor/index.ts";
import { fail } from "../util/index.ts";
import type { SymbolicTensor } from "./graph.ts";

/** What of a network has been computed: tensors, and which of their places count. */
export class Known {
  readonly tensors: Map<SymbolicTensor, Tensor>;
  readonly masks: Map<SymbolicTensor, Tensor>;

  constructor(before?: Known) {
    this.tensors = new Map(before?.tensors);
    this.masks = new Map(before?.masks);
  }

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
