import type { Inputs } from "./encode.ts";

/** A part of a table, ready for `fit`, `evaluate` and `predict`. */
export interface TablePart {
  readonly x: Inputs;
  /** Numbers, the numbers of the classes, or labels as 1 and 0 [rows, labels]. */
  readonly y: Float32Array;
  /** The same as `fit` takes it. */
  readonly targets: { data: Float32Array; shape: number[] };
  /** Numbers of its rows in the file, counted from 1. */
  readonly rows: Float64Array;
}

/** What is true of the rows of a part. */
export type PartTruth = Pick<TablePart, "y" | "rows">;
