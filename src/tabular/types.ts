/**
 * What a column of a table is: "numeric"; "ordinal", few whole numbers in order, which are numbers and categories at once; "boolean", two values;
 * "categorical", words of a vocabulary; "date"; "text", words to read; "identifier" and "constant", from which nothing can be learned.
 */
export type ColumnType =
  | "numeric"
  | "ordinal"
  | "boolean"
  | "categorical"
  | "date"
  | "text"
  | "identifier"
  | "constant";

export const COLUMN_TYPES: readonly ColumnType[] = [
  "numeric",
  "ordinal",
  "boolean",
  "categorical",
  "date",
  "text",
  "identifier",
  "constant",
];

/**
 * How a value becomes a number: as it is, without signs of currency and thousands (1,234.5; with `decimal` 1.234,5), by a date's format, or by
 * two words.
 */
export type Reading =
  | { readonly as: "number" /** Numbers that mean "unknown". */; readonly unknown?: readonly number[] }
  | { readonly as: "amount"; readonly decimal?: ","; readonly unknown?: readonly number[] }
  | { readonly as: "date" /** Of strptime; undefined: the file says it is a date. */; readonly format?: string }
  | { readonly as: "words" /** The one that is 0 and the one that is 1. */; readonly words: readonly [string, string] }
  | { readonly as: "text" };

/** A column as it lies in the table of kept values. */
export interface KeptColumn {
  /** Its name in the file. */
  readonly name: string;
  /** Its name in the table of kept values: "c0". */
  readonly id: string;
  readonly isText: boolean;
  readonly isDate: boolean;
}

/** What a column holds and what was seen in it. */
export interface ColumnProfile {
  readonly name: string;
  readonly type: ColumnType;
  /** Why it is of this type, for a reader. */
  readonly reason: string;
  readonly reading: Reading;
  /** Rows with a value, before cleaning. */
  readonly present: number;
  readonly missing: number;
  readonly distinct: number;
  /** Values that are none of this type (a word among numbers) and count as missing. */
  readonly misfits: number;
  /** Some of the misfits, or of all values. */
  readonly examples: readonly string[];
}

/** Tasks that `prepareTable` tells apart. Multi-label: any number of classes is true of a row. */
export type TableTask = "regression" | "binary" | "multi-class" | "multi-label";

export const TABLE_TASKS: readonly TableTask[] = ["regression", "binary", "multi-class", "multi-label"];

/** How a row tells its labels: by columns of yes and no, by a JSON list, or by words with a separator between. */
export type LabelSource =
  | {
      readonly by: "columns";
      readonly columns: readonly { readonly name: string; readonly place: number; readonly reading: Reading }[];
    }
  | { readonly by: "list" }
  | { readonly by: "words"; readonly separator: string };

/** Something a reader should know about the data. */
export interface Finding {
  /** A hint is a warning of less certainty. */
  readonly kind: "cleaned" | "warning" | "hint";
  readonly column?: string;
  readonly text: string;
}
