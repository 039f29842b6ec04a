import { checkOptions, fail, show } from "../../util/index.ts";
import type { DenseArray } from "../arrays.ts";
import { checkCount } from "../datasets/checks.ts";
import type { Dataset } from "../datasets/dataset.ts";
import type { ImageOptions } from "../readers/image-options.ts";
import type { ImageFacts } from "../readers/images.ts";

const readers = () => import("../files.ts");

/**
 * All arrays of a file, in memory: `.npy` (under the name ""), `.npz`, `.safetensors`, IDX as MNIST's (also `.gz`; under ""). Every type of
 * numbers but complex; float16 and bfloat16 become float32, 64-bit integers float64.
 *
 * @throws DescentError on one line for a file that is damaged or foreign, before memory is taken for it.
 * @example
 * await model.save("xor");
 * const { "dense_1/kernel": kernel } = await readArrays("xor/weights.safetensors");
 */
export async function readArrays(path: string): Promise<Record<string, DenseArray>> {
  return (await readers()).arraysIn(path);
}

/**
 * The samples of arrays in files, read when they are asked for: a file of any size.
 *
 * @param sources a file for each column; of one with several arrays, the array after "#": "data.npz#x".
 * @example
 * const digits = await fromArrayFiles({ x: "train-images-idx3-ubyte", y: "train-labels-idx1-ubyte" }); // throws without the files
 */
export async function fromArrayFiles(sources: Readonly<Record<string, string>>): Promise<Dataset> {
  return (await readers()).arrayDataset(sources);
}

/**
 * The rows of Arrow files, a column each, read piece by piece: IPC files (`.arrow`), Feather of version 2 (`.feather`, as pandas writes) and streams
 * that lie in a file; plain or packed by LZ4, by Zstandard from Node 22.15 on. Numbers, decimals and dates (milliseconds since 1970) are float64,
 * booleans 1 and 0, NaN where one is missing; texts and bytes are lists, null where one is missing; dictionaries are their values. Lists and records are
 * refused when they are read: `columns` names others.
 *
 * @param source a file, or a list of files with the same columns that are one table.
 * @throws DescentError on one line for a file that is damaged or foreign.
 * @example
 * const rows = await fromArrow("houses.feather"); // throws without the file
 * const samples = rows.columns({ x: ["rooms", "area"], y: "price" }); // batches of x [n, 2] and y [n]
 */
export async function fromArrow(source: string | readonly string[]): Promise<Dataset> {
  return (await readers()).arrowDataset(filesOf("fromArrow", source));
}

function filesOf(where: string, source: string | readonly string[]): readonly string[] {
  const list = typeof source === "string" ? [source] : source;
  if (!Array.isArray(list) || list.length === 0 || list.some((file) => typeof file !== "string")) {
    fail(`${where} got ${show(source)}`, "a file, or a list of files");
  }
  return list;
}

/**
 * The lines of text files (UTF-8), one after the other, as the column `text`.
 *
 * @example
 * writeFileSync("poem.txt", "Tyger Tyger, burning bright,\nIn the forests of the night;\n");
 * for await (const { text } of await fromTextLines("poem.txt")) console.log(text);
 */
export async function fromTextLines(source: string | readonly string[]): Promise<Dataset> {
  return (await readers()).linesDataset(filesOf("fromTextLines", source));
}

/** How tokens are cut into windows. */
export interface TokenOptions {
  /** Tokens of a window. */
  readonly length: number;
  /** Tokens from one window's start to the next one's; default `length`: side by side. */
  readonly stride?: number | undefined;
  /** What the tokens of a raw file are, little-endian; default "uint16". A `.npy` file says it itself. */
  readonly type?: "uint8" | "uint16" | "int32" | "uint32" | undefined;
}

/**
 * Windows of a stream of tokens in a file: `x` holds `length` tokens, `y` for each of them the next one; int32 [samples, length]. The file may
 * be larger than memory.
 *
 * @example
 * writeFileSync("tokens.bin", Uint16Array.of(5, 6, 7, 8, 9));
 * for await (const { x, y } of await fromTokens("tokens.bin", { length: 2 })) console.log(x, y); // 5 6, 7 8; and 6 7, 8 9
 */
export async function fromTokens(path: string, options: TokenOptions): Promise<Dataset> {
  checkOptions("fromTokens", options, ["length", "stride", "type"]);
  const { length, stride = length, type = "uint16" } = options;
  checkCount("fromTokens", "length", length, 1);
  checkCount("fromTokens", "stride", stride, 1);
  const types = ["uint8", "uint16", "int32", "uint32"];
  if (!types.includes(type)) fail(`fromTokens: type is ${show(type)}`, types.join(", "));
  return (await readers()).tokenDataset(path, length, stride, type);
}

/** Where the images' classes stand, if not in the names of folders. */
export interface ImageNames {
  /** A table's file (CSV, Parquet...) that names the images. Default: every folder in the folder is a class. */
  readonly table?: string;
  /** Its column of paths, which start from the folder; default "path". */
  readonly path?: string;
  /** Its column of classes; default none. */
  readonly label?: string;
}

export interface ImageSourceOptions extends ImageOptions, ImageNames {}

/** Images and what they show. */
export interface NamedImages {
  /** The classes' names in the order of their numbers. */
  readonly classes: string[];
  /** The file of each sample. */
  readonly paths: readonly string[];
  /** The class of each sample; undefined where nothing names one. */
  readonly labels: Int32Array | undefined;
  /** "train", "validation" or "test" of each sample, where folders called so (val, valid and dev, too) hold the folders of the classes. */
  readonly parts?: readonly ("train" | "validation" | "test")[] | undefined;
  /** Files and folders, from the folder on, that hold no images that can be read; not those whose names begin with a dot. */
  readonly others?: readonly string[] | undefined;
}

/**
 * Images as samples: `x` is uint8 [height, width, channels], `y` the class as int32; decoded by the optional package `sharp` on threads of its
 * own, when they are asked for.
 *
 * @param folder a folder for each class, with images in it, or folders called train, validation and test of such folders; or the folder that a table's paths start from; or one image.
 * @returns the dataset, the classes' names in the order of their numbers, and files and classes of all samples.
 * @throws DescentError when the package is not installed, when there are no images, and for paths that lead out of the folder.
 * @example
 * const { dataset, classes } = await fromImages("flowers", { size: [64, 64] }); // throws without the folder
 */
export async function fromImages(
  folder: string,
  options: ImageSourceOptions,
): Promise<{ readonly dataset: Dataset } & NamedImages> {
  return (await readers()).imageDataset(folder, options);
}

/**
 * What the images of a folder are like, by which a size is chosen: medians of height and width, whether all have the same proportions, and
 * whether none has a color. At most 200 of them, evenly spread, are looked at.
 *
 * @throws DescentError as {@link fromImages}, and when none of them can be read.
 * @example
 * const { height, width, gray } = await describeImages("flowers"); // throws without the folder
 */
export async function describeImages(folder: string, options: ImageNames = {}): Promise<ImageFacts & NamedImages> {
  return (await readers()).describedImages(folder, options);
}
