import { Tensor, tensor } from "../tensor/index.ts";
import { checkOptions, fail } from "../util/index.ts";
import { describe } from "./arrays.ts";

/** A class or category as people write it. */
export type Label = string | number;

export interface OneHotOptions {
  /** Number of classes. Default: the largest code plus one; needed for a tensor, whose values are not known yet. */
  classes?: number;
}

/**
 * Whole numbers 0 ... classes-1 as rows of zeros with a single one: n codes become a float32 tensor [n, classes].
 *
 * @throws DescentError for a code that is no whole number or not below `classes`, naming where it stands.
 * @example
 * oneHot([0, 2, 1]); // [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
 */
export function oneHot(codes: ArrayLike<number> | Tensor, options: OneHotOptions = {}): Tensor {
  checkOptions("oneHot", options, ["classes"]);
  if (options.classes !== undefined && !(Number.isInteger(options.classes) && options.classes > 0)) {
    fail(`oneHot's classes is ${options.classes}`, "a whole number above 0");
  }
  if (codes instanceof Tensor) {
    const depth = options.classes ?? fail("oneHot was given a tensor without { classes }", "the number of classes");
    return codes.oneHot(depth);
  }
  let largest = -1;
  for (let i = 0; i < codes.length; i++) {
    const code: unknown = codes[i];
    if (typeof code === "string") {
      fail(`oneHot: position ${i} holds ${describe(code)}`, "whole numbers from 0", "use labelEncoder() first");
    }
    if (!(Number.isInteger(code) && (code as number) >= 0)) {
      fail(`oneHot: position ${i} holds ${describe(code)}`, "whole numbers from 0");
    }
    largest = Math.max(largest, code as number);
  }
  const classes = options.classes ?? largest + 1;
  if (codes.length === 0 || classes === 0) fail("oneHot was given no codes", "at least one");
  const values = new Float32Array(codes.length * classes);
  for (let i = 0; i < codes.length; i++) {
    if (codes[i]! >= classes) fail(`oneHot: position ${i} holds ${codes[i]}`, `whole numbers from 0 to ${classes - 1}`);
    values[i * classes + codes[i]!] = 1;
  }
  return tensor(values, { shape: [codes.length, classes] });
}

/** Distinct labels in ascending order: numbers by size, strings by character code, as NumPy sorts them. */
export function sortedLabels(labels: ArrayLike<Label>, where: string): Label[] {
  if (labels.length === 0) fail(`${where} was given no labels`, "at least one");
  const type = typeof labels[0];
  for (let i = 0; i < labels.length; i++) {
    const label: unknown = labels[i];
    if ((type !== "string" && type !== "number") || typeof label !== type || Number.isNaN(label)) {
      fail(
        `${where}: position ${i} holds ${describe(label)}`,
        type === "string" ? "a string, as the first" : "a number or a string",
      );
    }
  }
  const distinct = [...new Set(Array.from(labels))];
  return distinct.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Turns labels into codes 0 ... n-1 and back. Made by {@link labelEncoder}. */
export class LabelEncoder {
  private learned: Label[] | undefined;

  /** The labels in order of their codes. Fails before `fit`. */
  get classes(): readonly Label[] {
    return this.learned ?? fail("this labelEncoder has not been fitted", undefined, "call encoder.fit(labels) first");
  }

  /** Learns which labels there are. */
  fit(labels: ArrayLike<Label>): this {
    this.learned = sortedLabels(labels, "labelEncoder.fit");
    return this;
  }

  /** The code of every label. Fails for a label that was not there in `fit`. */
  transform(labels: ArrayLike<Label>): Int32Array {
    const codes = new Map(this.classes.map((label, code) => [label, code]));
    return Int32Array.from(
      Array.from(labels),
      (label, i) =>
        codes.get(label) ??
        fail(
          `labelEncoder: position ${i} holds ${describe(label)}`,
          `one of ${listLabels(this.classes)}`,
          "fit on all labels",
        ),
    );
  }

  /** Learns the labels and returns their codes. */
  fitTransform(labels: ArrayLike<Label>): Int32Array {
    return this.fit(labels).transform(labels);
  }

  /** The label of every code. */
  inverseTransform(codes: ArrayLike<number>): Label[] {
    return Array.from(
      codes,
      (code, i) =>
        this.classes[code] ?? fail(`labelEncoder: position ${i} holds code ${code}`, `0 to ${this.classes.length - 1}`),
    );
  }

  /** Plain data for JSON. {@link labelEncoderFromJSON} reads it back. */
  toJSON(): { kind: "labelEncoder"; classes: readonly Label[] } {
    return { kind: "labelEncoder", classes: this.classes };
  }
}

/**
 * An encoder of labels as codes 0 ... n-1 in sorted order, as scikit-learn's LabelEncoder.
 *
 * @example
 * const encoder = labelEncoder();
 * encoder.fitTransform(["cat", "ant", "cat"]); // [1, 0, 1]
 * encoder.inverseTransform([0]); // ["ant"]
 */
export function labelEncoder(): LabelEncoder {
  return new LabelEncoder();
}

/** A fitted label encoder from what `toJSON` gave; fails for anything else. */
export function labelEncoderFromJSON(json: unknown): LabelEncoder {
  const { kind, classes } = (json ?? {}) as { kind?: unknown; classes?: unknown };
  if (kind !== "labelEncoder" || !Array.isArray(classes)) {
    fail(`this is no label encoder but ${describe(json)}`, '{ kind: "labelEncoder", classes: [...] }');
  }
  const encoder = labelEncoder().fit(classes);
  if (encoder.classes.some((label, i) => label !== classes[i]))
    fail("a label encoder's classes repeat or are unsorted", "sorted labels");
  return encoder;
}

/** At most ten labels for a message. */
export function listLabels(labels: readonly Label[]): string {
  const shown = labels.slice(0, 10).map((label) => JSON.stringify(label));
  return shown.join(", ") + (labels.length > 10 ? `, ... (${labels.length} in all)` : "");
}
