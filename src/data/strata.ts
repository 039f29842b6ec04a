import { Tensor } from "../tensor/index.ts";
import { fail } from "../util/index.ts";
import { describe, isNumberArray } from "./arrays.ts";

/** Labels to stratify by, one per sample: numbers, strings, booleans, or rows such as [1] and one-hot [0, 1]. */
export type StrataLabels = readonly (string | number | boolean | readonly number[])[] | ArrayLike<number>;

/** Sample numbers of every class, classes in order of first appearance. */
export function groupByLabel(labels: StrataLabels, count: number, where: string): number[][] {
  if (labels instanceof Tensor) {
    fail(`${where}: stratify is a tensor`, "labels whose values are known", "give `stratify: await labels.data()`");
  }
  if (!Array.isArray(labels) && !isNumberArray(labels))
    fail(`${where}: stratify is ${describe(labels)}`, "an array of labels");
  if (labels.length !== count)
    fail(`${where}: stratify has ${labels.length} labels for ${count} samples`, "one per sample");
  const groups = new Map<unknown, number[]>();
  for (let i = 0; i < count; i++) {
    const label = labelOf(labels[i], i, where);
    const group = groups.get(label);
    if (group) group.push(i);
    else groups.set(label, [i]);
  }
  return [...groups.values()];
}

/** A label's identity: one-hot rows and single-element rows such as [1] count by their content. */
function labelOf(label: unknown, index: number, where: string): unknown {
  if (Array.isArray(label)) return label.join(",");
  if (label === null || label === undefined || Number.isNaN(label)) {
    fail(`${where}: stratify holds ${describe(label)} at position ${index}`, "a label for every sample");
  }
  return label;
}
