import { type Tensor, tensor } from "../tensor/index.ts";
import { checkOptions, fail } from "../util/index.ts";
import { describe } from "./arrays.ts";
import { type Label, listLabels, sortedLabels } from "./encoding.ts";

export interface OneHotEncoderOptions {
  /** What a category unknown to `fit` becomes: an error, or zeros only. Default "error" (scikit-learn's `handle_unknown`). */
  handleUnknown?: "error" | "ignore";
}

/** Turns columns of categories into zeros and ones. Made by {@link oneHotEncoder}. */
export class OneHotEncoder {
  private learned: Label[][] | undefined;

  constructor(private readonly handleUnknown: "error" | "ignore") {}

  /** The categories of every column, in the order of their output columns. Fails before `fit`. */
  get categories(): readonly (readonly Label[])[] {
    return this.learned ?? fail("this oneHotEncoder has not been fitted", undefined, "call encoder.fit(rows) first");
  }

  /** Learns the categories of every column from rows of strings or numbers. */
  fit(rows: readonly (readonly Label[])[]): this {
    const columns = rows[0]?.length ?? 0;
    if (columns === 0) fail("oneHotEncoder.fit was given an empty table", "at least one row and one column");
    this.checkRows(rows, columns, "fit");
    this.learned = Array.from({ length: columns }, (_, column) =>
      sortedLabels(
        rows.map((row) => row[column]!),
        `oneHotEncoder.fit, column ${column}`,
      ),
    );
    return this;
  }

  /** Rows as a float32 tensor [rows, number of categories of all columns]. */
  transform(rows: readonly (readonly Label[])[]): Tensor {
    const categories = this.categories;
    this.checkRows(rows, categories.length, "transform");
    const width = categories.reduce((sum, labels) => sum + labels.length, 0);
    const values = new Float32Array(rows.length * width);
    let offset = 0;
    categories.forEach((labels, column) => {
      const codes = new Map(labels.map((label, code) => [label, code]));
      rows.forEach((row, r) => {
        const code = codes.get(row[column]!);
        if (code !== undefined) values[r * width + offset + code] = 1;
        else if (this.handleUnknown === "error") {
          fail(
            `oneHotEncoder: row ${r}, column ${column} holds ${describe(row[column])}`,
            `one of ${listLabels(labels)}`,
            'fit on all categories, or give { handleUnknown: "ignore" }',
          );
        }
      });
      offset += labels.length;
    });
    return tensor(values, { shape: [rows.length, width] });
  }

  /** Learns the categories and encodes the same rows. */
  fitTransform(rows: readonly (readonly Label[])[]): Tensor {
    return this.fit(rows).transform(rows);
  }

  /** Plain data for JSON. {@link oneHotEncoderFromJSON} reads it back. */
  toJSON(): {
    kind: "oneHotEncoder";
    options: Required<OneHotEncoderOptions>;
    categories: readonly (readonly Label[])[];
  } {
    return { kind: "oneHotEncoder", options: { handleUnknown: this.handleUnknown }, categories: this.categories };
  }

  /** @internal Takes over what was learned elsewhere. */
  learn(categories: Label[][]): this {
    this.learned = categories;
    return this;
  }

  private checkRows(rows: readonly (readonly Label[])[], columns: number, method: string): void {
    rows.forEach((row, r) => {
      if (!Array.isArray(row))
        fail(`oneHotEncoder.${method}: row ${r} is ${describe(row)}`, "an array of categories", "write [value]");
      if (row.length !== columns) fail(`oneHotEncoder.${method}: row ${r} has ${row.length} columns`, `${columns}`);
    });
  }
}

/**
 * An encoder of columns of categories as zeros and ones, one output column per category, as scikit-learn's OneHotEncoder.
 *
 * @example
 * const encoder = oneHotEncoder();
 * encoder.fitTransform([["red"], ["blue"], ["red"]]); // [[0, 1], [1, 0], [0, 1]]
 */
export function oneHotEncoder(options: OneHotEncoderOptions = {}): OneHotEncoder {
  checkOptions("oneHotEncoder", options, ["handleUnknown"]);
  const { handleUnknown = "error" } = options;
  if (handleUnknown !== "error" && handleUnknown !== "ignore") {
    fail(`oneHotEncoder's handleUnknown is ${describe(handleUnknown)}`, '"error" or "ignore"');
  }
  return new OneHotEncoder(handleUnknown);
}

/** A fitted one-hot encoder from what `toJSON` gave; fails for anything else. */
export function oneHotEncoderFromJSON(json: unknown): OneHotEncoder {
  const { kind, options, categories } = (json ?? {}) as { kind?: unknown; options?: unknown; categories?: unknown };
  if (kind !== "oneHotEncoder" || !Array.isArray(categories) || categories.length === 0) {
    fail(
      `this is no one-hot encoder but ${describe(json)}`,
      '{ kind: "oneHotEncoder", options, categories: [[...], ...] }',
    );
  }
  const sorted = categories.map((labels, column) =>
    sortedLabels(labels, `a one-hot encoder's categories of column ${column}`),
  );
  return oneHotEncoder((options ?? {}) as OneHotEncoderOptions).learn(sorted);
}
