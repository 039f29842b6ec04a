import type { Shape } from "../../util/index.ts";
import type { ClassScores } from "../scores.ts";

/** One value per epoch, first epoch first; a validation metric's name starts with "val": { loss, valLoss }. */
export type ReportHistory = Readonly<Record<string, readonly number[]>>;

/** A sample the model got wrong. */
export interface Mistake {
  /** Bytes 0-255 in a Uint8Array, otherwise numbers from 0 to 1. */
  pixels: ArrayLike<number>;
  /** [height, width] or [height, width, channels]. */
  shape: Shape;
  /** What is true: a name, or the index of a class into the report's class names. */
  label: string | number;
  /** What it was taken for. */
  prediction: string | number;
  /** The model's confidence in its wrong answer, 0 to 1. */
  probability: number;
}

/** A sample whose number, or labels, the model got wrong. */
export interface Miss extends Omit<Mistake, "probability"> {
  /** A few words that say how wrong it is. */
  error: string;
}

/** A number that the reader should see first. */
export interface Highlight {
  label: string;
  value: string;
}

/** A table of a report: titles, and rows of cells; all but the first column are aligned as numbers unless `words`. */
export interface ReportTable {
  caption: string;
  columns: readonly string[];
  rows: readonly (readonly (string | number)[])[];
  words?: boolean;
}

/** A part of a report that is tables. */
export interface ReportSection {
  title: string;
  note?: string;
  tables: readonly ReportTable[];
}

/** What a report shows. Every part but the title is optional; parts that are missing leave no gap. */
export interface Report {
  title: string;
  /** One sentence under the title. */
  subtitle?: string;
  /** When the training ended; the time of writing by default. */
  created?: Date;
  /** At most about six figures shown large at the top. */
  highlights?: readonly Highlight[];
  /** Tables, shown before all others: what the figures at the top are to be held against. */
  lead?: readonly ReportSection[];
  history?: ReportHistory;
  /** Counts by true class (row) and predicted class (column). */
  confusion?: readonly (readonly number[])[];
  /** "0", "1", ... by default. */
  classNames?: readonly string[];
  /** Taken from the confusion matrix by default. */
  perClass?: readonly ClassScores[];
  /** What `confusion` and `perClass` were counted on, such as "2,000 test images". */
  countedOn?: string;
  mistakes?: readonly (Mistake | Miss)[];
  /** Tables, shown after the curves and what was counted. */
  sections?: readonly ReportSection[];
  /** Predicted against true values, for a regression. */
  regression?: { actual: ArrayLike<number>; predicted: ArrayLike<number>; name?: string };
  /** The text of `model.summary()`. */
  modelSummary?: string;
  /** Engine, time, seed, versions: shown in this order. */
  facts?: Readonly<Record<string, string | number>>;
}
