import { extname } from "node:path";
import { checkOptions, fail, unknownName } from "../../util/index.ts";
import type { DenseArray } from "../arrays.ts";
import type { Batch } from "../datasets/batch.ts";
import { Dataset } from "../datasets/dataset.ts";
import { readInOrder } from "../datasets/stages/rows.ts";
import { Table } from "../tables/table.ts";
import {
  type ArrayFile,
  arrayFlow,
  fileOfNumbers,
  idxFile,
  npyFile,
  readWhole,
  safetensorsFiles,
} from "./array-file.ts";
import { bytesOf, decodeElements, type Element } from "./elements.ts";
import { type ImageList, imagesIn, imagesNamed } from "./image-list.ts";
import { type ImageOptions, imageSettings } from "./image-options.ts";
import { type ImageFacts, imageFacts, imageFlow } from "./images.ts";
import { linesFlow } from "./lines.ts";
import { npzFiles } from "./npz.ts";

/** The arrays in a file by name; a file of one array has no name for it. */
async function filesIn(path: string): Promise<Map<string, ArrayFile>> {
  const ending = extname(path.replace(/\.gz$/, "")).toLowerCase();
  if (ending === ".npy") return new Map([["", await npyFile(path)]]);
  if (ending === ".npz") return npzFiles(path);
  if (ending === ".safetensors") return safetensorsFiles(path);
  if (/idx\d|-ubyte$|\.idx$/.test(path.replace(/\.gz$/, ""))) return new Map([["", await idxFile(path)]]);
  return fail(
    `${path} has no ending that tells what it is`,
    ".npy, .npz, .safetensors, .idx or idx3-ubyte, perhaps .gz",
  );
}

/** One array of a file, read into memory; see `readArrays`. */
export async function arraysIn(path: string): Promise<Record<string, DenseArray>> {
  const files = await filesIn(path);
  const arrays = await Promise.all([...files].map(async ([name, file]) => [name, await readWhole(file)] as const));
  return Object.fromEntries(arrays);
}

/** Samples of arrays in files; see `fromArrayFiles`. */
export async function arrayDataset(sources: Readonly<Record<string, string>>): Promise<Dataset> {
  const columns = await Promise.all(
    Object.entries(sources).map(async ([column, source]): Promise<readonly [string, ArrayFile]> => {
      const [path = "", array] = source.split(/#(?=[^#/\\]*$)/);
      const files = await filesIn(path);
      const names = [...files.keys()];
      if (array === undefined && files.size > 1) {
        fail(`${path} holds the arrays ${names.join(", ")}`, `one of them: "${path}#${names[0]}"`);
      }
      const wanted = array ?? (names[0] as string);
      return [column, files.get(wanted) ?? unknownName("array", wanted, names)];
    }),
  );
  if (columns.length === 0) fail("fromArrayFiles got no files", 'at least one, such as { x: "images.npy" }');
  return new Dataset(arrayFlow(new Map(columns), `arrays of ${Object.values(sources).join(", ")}`));
}

export function linesDataset(source: string | readonly string[]): Dataset {
  return new Dataset(linesFlow(typeof source === "string" ? [source] : source));
}

/** Windows of a stream of tokens; see `fromTokens`. */
export async function tokenDataset(
  path: string,
  length: number,
  stride: number,
  type: "uint8" | "uint16" | "int32" | "uint32",
): Promise<Dataset> {
  const file = path.endsWith(".npy") ? await npyFile(path) : await rawFile(path, type);
  const { place, read, name } = file;
  if (place.shape.length !== 1) fail(`${path} has ${place.shape.length} axes`, "one: a stream of tokens");
  const count = place.shape[0] as number;
  if (count <= length)
    fail(`${path} has ${count} tokens`, `at least ${length + 1}, a window of ${length} and the next one`);
  const windows = Math.floor((count - 1 - length) / stride) + 1;
  const bytes = bytesOf(place.element);
  const gather = async (rows: ArrayLike<number>): Promise<Batch> => {
    const [x, y] = [new Int32Array(rows.length * length), new Int32Array(rows.length * length)];
    await Promise.all(
      Array.from(rows, async (row, i) => {
        const part = await read(place.offset + row * stride * bytes, (length + 1) * bytes);
        const tokens = decodeElements(part, place.element, place.bigEndian, name);
        x.set(tokens.subarray(0, length), i * length);
        y.set(tokens.subarray(1), i * length);
      }),
    );
    const shape = [rows.length, length];
    return { x: { data: x, shape }, y: { data: y, shape } };
  };
  const description = `windows of ${length} tokens of ${path}, ${stride} apart`;
  return new Dataset({
    description,
    length: windows,
    gather,
    open: (pass, position) => readInOrder(windows, gather, pass, position),
  });
}

const TOKENS = { uint8: "u1", uint16: "u2", int32: "i4", uint32: "u4" } as const satisfies Record<string, Element>;

/** A file of nothing but numbers, little-endian. */
function rawFile(path: string, type: keyof typeof TOKENS): Promise<ArrayFile> {
  return fileOfNumbers(path, TOKENS[type]);
}

/** Images of a folder, or those that a table names; see `fromImages`. */
export async function imageDataset(
  folder: string,
  options: ImageOptions & ImageNames,
): Promise<{ dataset: Dataset } & Omit<ImageList, "name">> {
  const settings = imageSettings("fromImages", options, ["table", "path", "label"]);
  const list = await listed(folder, options);
  const { name: _, ...named } = list;
  return { dataset: new Dataset(await imageFlow(list, settings)), ...named };
}

/** What the images of a folder are like; see `describeImages`. */
export async function describedImages(
  folder: string,
  options: ImageNames,
): Promise<ImageFacts & Omit<ImageList, "name">> {
  checkOptions("describeImages", options, ["table", "path", "label"]);
  const { name: _, ...named } = await listed(folder, options);
  return { ...named, ...(await imageFacts(named.paths)) };
}

/** The table that names images, and its columns. */
interface ImageNames {
  readonly table?: string;
  readonly path?: string;
  readonly label?: string;
}

async function listed(folder: string, { table: source, path = "path", label }: ImageNames) {
  if (source === undefined) return imagesIn(folder);
  const table = await Table.open(source, { text: /\.[ct]sv$/i.test(source) });
  try {
    const files: unknown[] = [];
    const classes: unknown[] = [];
    for await (const batch of table.dataset(label === undefined ? [path] : [path, label])) {
      files.push(...(batch[path] as unknown[]));
      if (label !== undefined) classes.push(...valuesOf(batch[label] as unknown[] | DenseArray));
    }
    return await imagesNamed(folder, files, label === undefined ? undefined : classes);
  } finally {
    await table.close();
  }
}

function valuesOf(column: readonly unknown[] | DenseArray): Iterable<unknown> {
  return "data" in column ? (column.data as Iterable<number>) : column;
}
