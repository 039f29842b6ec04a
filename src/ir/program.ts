import type { Node } from "./op.ts";

/**
 * What is compiled: placeholders in, values out, and state that is replaced in place: after a run the buffer of `input` holds `next`.
 * All values are computed from the state as it was before the run.
 */
export interface Program {
  readonly name: string;
  readonly inputs: readonly Node[];
  readonly state: readonly { readonly input: Node; readonly next: Node }[];
  readonly outputs: readonly Node[];
}
