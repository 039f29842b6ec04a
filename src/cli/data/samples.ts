import { extname, isAbsolute, join } from "node:path";
import { formatShape, nearest } from "../../util/index.ts";
import { EXIT, refuse } from "../exit.ts";
import { type NumberTable, readCsv } from "./csv.ts";
import { type Dense, readDense } from "./dense.ts";
import { readText, requireFile } from "./files.ts";
import { parseJson } from "./readJson.ts";

/** Names of a table's columns by their part; saved with the model so that new tables are read in the same order. */
export interface Columns {
  features: string[];
  target: string[];
}

/** Samples to train on or to test with. */
export interface Samples {
  x: Dense;
  y: Dense;
  /** When they come from a table. */
  columns?: Columns;
}

/** Which columns of a table are what; the last one is the target unless said otherwise. */
export interface ColumnChoice {
  features?: readonly string[] | undefined;
  target?: readonly string[] | undefined;
}

/** Reads x and y from a .json or .csv file. */
export async function readSampleFile(path: string, choice: ColumnChoice = {}): Promise<Samples> {
  const content = await readDataFile(path);
  if ("names" in content) {
    const columns = chooseColumns(content, choice, path);
    const y = pickColumns(content, columns.target);
    // One target is a number per sample, as losses of classes want it.
    const flat: Dense = columns.target.length === 1 ? { data: y.data, shape: [content.rows] } : y;
    return { x: pickColumns(content, columns.features), y: flat, columns };
  }
  if (content.y === undefined) {
    refuse(EXIT.data, `${path} has no "y"`, '{ "x": [...], "y": [...] }');
  }
  return pairUp(await readDense(`${path}: x`, content.x), await readDense(`${path}: y`, content.y));
}

/** Reads what a model predicts from: the samples of a .json file, or the feature columns of a .csv file. */
export async function readInputFile(path: string, columns?: Columns): Promise<Dense> {
  const content = await readDataFile(path);
  if (!("names" in content)) return readDense(`${path}: x`, content.x);
  const known = columns?.features ?? content.names;
  return pickColumns(content, requireColumns(content, known, path));
}

/** Fails unless x and y have the same number of samples. */
export function pairUp(x: Dense, y: Dense): Samples {
  if (x.shape[0] !== y.shape[0]) {
    refuse(EXIT.data, `x has ${x.shape[0]} samples and y has ${y.shape[0]}`, "one y for every x");
  }
  return { x, y };
}

/** A path of a config: relative ones start at the config's folder. */
export function fromFolder(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

async function readDataFile(path: string): Promise<NumberTable | { x: unknown; y: unknown }> {
  const ending = extname(path).toLowerCase();
  await requireFile(path, EXIT.data, "a .json or .csv file");
  if (ending === ".csv" || ending === ".tsv") return readCsv(await readText(path, EXIT.data), path);
  if (ending !== ".json") refuse(EXIT.data, `${path} is no data file`, "a file that ends with .json or .csv");
  const value = parseJson(await readText(path, EXIT.data), path, EXIT.data);
  if (Array.isArray(value)) return { x: value, y: undefined };
  if (typeof value !== "object" || value === null || !("x" in value)) {
    refuse(EXIT.data, `${path} has no "x"`, '{ "x": [...], "y": [...] }, or a list of samples');
  }
  return { x: value.x, y: "y" in value ? value.y : undefined };
}

function chooseColumns(table: NumberTable, choice: ColumnChoice, path: string): Columns {
  if (table.names.length < 2) {
    refuse(EXIT.data, `${path} has one column, "${table.names[0]}"`, "columns to predict from and one to predict");
  }
  const target = requireColumns(table, choice.target ?? table.names.slice(-1), path);
  const features = requireColumns(table, choice.features ?? table.names.filter((name) => !target.includes(name)), path);
  const both = features.find((name) => target.includes(name));
  if (both !== undefined) refuse(EXIT.data, `column "${both}" is a feature and the target`, "one or the other");
  if (features.length === 0) refuse(EXIT.data, `${path} has no columns left to predict from`, "at least one");
  return { features, target };
}

function requireColumns(table: NumberTable, names: readonly string[], path: string): string[] {
  for (const name of names) {
    if (table.names.includes(name)) continue;
    const near = nearest(name, table.names);
    const known = `one of ${table.names.join(", ")}`;
    refuse(EXIT.data, `${path} has no column "${name}"`, known, near && `did you mean "${near}"?`);
  }
  return [...names];
}

function pickColumns(table: NumberTable, names: readonly string[]): Dense {
  const places = names.map((name) => table.names.indexOf(name));
  const data = new Float32Array(table.rows * places.length);
  for (let row = 0; row < table.rows; row++) {
    places.forEach((place, i) => {
      data[row * places.length + i] = table.values[row * table.names.length + place] ?? Number.NaN;
    });
  }
  return { data, shape: [table.rows, places.length] };
}

/** "10,000 samples of shape [28, 28, 1]". */
export function describeSamples({ shape: [count = 0, ...sample] }: Dense): string {
  const shape = sample.length === 0 ? "one number" : `shape ${formatShape(sample)}`;
  return `${count.toLocaleString("en-US")} sample${count === 1 ? "" : "s"} of ${shape}`;
}
