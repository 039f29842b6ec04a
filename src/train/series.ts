import type { BoundProgram, TypedArray } from "../tensor/index.ts";
import type { BatchProgram } from "./batch-program.ts";

/** Steps that are done in one call: batches of one size, one after the other. A program is one of a single step. */
export interface Series {
  /** Afterwards it holds the batch and the outputs of the last step. */
  readonly program: BatchProgram;
  /** Steps that there is room for. */
  readonly room: number;
  /** Steps of the coming call; after it those done, fewer if a loss was no finite number. */
  steps: number;
  /** uint32 [room, 3], float32 [room], [room, ...] each: what is `control`, `rate` and `outputs` of a program, step by step. */
  readonly control: Uint32Array;
  readonly rate: Float32Array;
  readonly outputs: Readonly<Record<string, TypedArray>>;
  readonly run: BoundProgram["run"];
}
