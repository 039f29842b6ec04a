import type { Support } from "./microkernel.ts";

/** A contraction's C. `@` stands for the name of the kernel in all texts. */
export interface RenderedContraction {
  /** Functions shared with other kernels, to be defined once, in this order. */
  readonly support: Support;
  /** Functions and tables of this kernel. */
  readonly helpers: string;
  /** Bodies of functions (char* const* q, const long worker, const long workers), run one after the other with barriers between. */
  readonly phases: readonly { readonly body: string; readonly once?: boolean }[];
  /** What q holds: addresses in terms of `p`, and `scratch` (this worker's), `shared` and `prepared` memory. */
  readonly actual: readonly string[];
  readonly scratchBytes: number;
  readonly sharedBytes: number;
  /** Shared memory that a phase fills once for all turns of a loop. */
  readonly preparedBytes: number;
}

/** Hands out memory in floats, in whole cache lines. */
export class Memory {
  floats = 0;

  take(floats: number): number {
    const at = this.floats;
    this.floats += Math.ceil(Math.max(floats, 1) / 16) * 16;
    return at;
  }
}
