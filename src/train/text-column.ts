import { textWords } from "../nn/index.ts";
import { fail, formatShape, product, show } from "../util/index.ts";
import type { ArrayData, Column } from "./column.ts";

/**
 * Reads an array of texts: a column of the words by which programs know them, [rows, ..., 2].
 *
 * @throws DescentError for ragged rows, missing texts (naming row and place), or no rows.
 */
export function readTexts(name: string, source: ArrayData): Column {
  if (!Array.isArray(source)) fail(`${name} is ${show(source)}`, "an array of texts");
  const rows = source as readonly unknown[];
  if (rows.length === 0) fail(`${name} is empty`, "at least one sample");
  const shape: number[] = [];
  for (let level = rows[0]; Array.isArray(level); level = level[0]) shape.push(level.length);
  const rowSize = product(shape);
  const texts: string[] = [];
  rows.forEach((row, i) => {
    collect(row, shape, 0, texts, `${name}: row ${i}`);
  });
  return {
    name,
    data: textWords(texts),
    dtype: "uint32",
    rows: rows.length,
    rowShape: [...shape, 2],
    rowSize: 2 * rowSize,
    rowStride: 2 * rowSize,
  };
}

function collect(item: unknown, shape: readonly number[], depth: number, texts: string[], where: string): void {
  if (depth < shape.length) {
    if (!Array.isArray(item) || item.length !== shape[depth]) {
      fail(`${where} is ${show(item)}, unlike row 0`, `texts of one shape, here ${formatShape(shape)}`);
    }
    for (const each of item) collect(each, shape, depth + 1, texts, where);
  } else if (typeof item === "string" || typeof item === "number") texts.push(String(item));
  else fail(`${where} holds ${show(item)}`, "a text", 'put "" for missing ones, and the option maskToken: ""');
}
