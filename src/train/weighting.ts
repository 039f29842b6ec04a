import { fail, formatShape, product, show } from "../util/index.ts";
import { type ArrayData, type Column, readColumn } from "./column.ts";
import type { Head } from "./objective.ts";

/** What samples of each class count: by class number; classes that are left out count 1 (Keras). */
export type ClassWeight = Readonly<Record<number, number>> | readonly number[];

/**
 * Sample weights times class weights, per sample.
 *
 * @throws DescentError for weights that are negative or too few, and for class weights where there are no classes.
 */
export async function combinedWeights(
  given: { sampleWeight?: ArrayData | undefined; classWeight?: ClassWeight | undefined },
  targets: readonly Column[],
  heads: readonly Head[],
  rows: number,
  prefix = "",
): Promise<Column | undefined> {
  const { sampleWeight, classWeight } = given;
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const name = `${prefix}sampleWeight`;
  const data = new Float32Array(rows).fill(1);
  if (sampleWeight !== undefined) {
    const column = await readColumn(name, sampleWeight);
    if (column.rows !== rows || column.rowSize !== 1) {
      fail(
        `${name} has shape ${formatShape([column.rows, ...column.rowShape])}`,
        `one weight for each of ${rows} samples`,
      );
    }
    const bad = column.data.findIndex((weight: number) => weight < 0);
    if (bad >= 0) fail(`${name}: row ${bad} is ${column.data[bad]}`, "0 or more");
    data.set(column.data);
  }
  if (classWeight !== undefined) {
    if (targets.length !== 1)
      fail(`classWeight for a model of ${targets.length} outputs`, "one output", "use sampleWeight");
    multiplyByClass(data, classWeight, targets[0] as Column, heads[0] as Head);
  }
  return { name, data, dtype: "float32", rows, rowShape: [], rowSize: 1, rowStride: 1 };
}

function multiplyByClass(weights: Float32Array, classWeight: ClassWeight, target: Column, head: Head): void {
  const classes = classCount(head);
  const byClass = new Float64Array(classes).fill(1);
  for (const [name, weight] of Object.entries(classWeight)) {
    const label = Number(name);
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      fail(`classWeight names the class "${name}"`, `classes 0 to ${classes - 1}`);
    }
    if (typeof weight !== "number" || !Number.isFinite(weight) || weight < 0) {
      fail(`classWeight of class ${label} is ${show(weight)}`, "a number, 0 or more");
    }
    byClass[label] = weight;
  }
  classesOf(target, head, "classWeight").forEach((label, row) => {
    weights[row] = (weights[row] as number) * (byClass[label] as number);
  });
}

/**
 * The class of every row.
 *
 * @param why the option that asks for it, for errors.
 */
export function classesOf(target: Column, head: Head, why: string): Uint32Array {
  const classes = classCount(head);
  return Uint32Array.from({ length: target.rows }, (_, row) => {
    const label = classOf(target, row);
    if (label >= 0 && label < classes) return label;
    fail(`${why} is given, but ${target.name} is ${label} in row ${row}`, `classes 0 to ${classes - 1}`);
  });
}

function classCount({ outputShape }: Head): number {
  return Math.max(product(outputShape), 2);
}

/** The class of a row: its number, or the place of the largest of its one-hot values. */
function classOf({ data, rowSize, rowStride }: Column, row: number): number {
  const start = row * rowStride;
  if (rowSize === 1) return Math.round(data[start] as number);
  let best = 0;
  for (let i = 1; i < rowSize; i++) if ((data[start + i] as number) > (data[start + best] as number)) best = i;
  return best;
}
