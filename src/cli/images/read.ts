import { createHash } from "node:crypto";
import {
  type Dataset,
  type DenseArray,
  describeImages,
  fromArrays,
  fromImages,
  splitIndices,
} from "../../data/index.ts";
import { product } from "../../util/index.ts";
import { EXIT, oneLine, part, refuse } from "../exit.ts";
import { groupDigits } from "../format.ts";
import { type ImagePlan, planReading } from "./rules.ts";

/** Where the classes stand, if not in the names of folders. */
export interface Labels {
  readonly table?: string;
  readonly path?: string;
  readonly label?: string;
}

/** What options say of where classes stand. */
export function labelsOf(options: { labels?: string; target?: string | readonly string[]; path?: string }): Labels {
  const { labels, path } = options;
  const [target, more] = typeof options.target === "string" ? [options.target] : (options.target ?? []);
  if (more !== undefined)
    refuse(EXIT.usage, "two targets were named for images", "one --target, the column of their classes");
  if (labels === undefined) {
    const other = target !== undefined ? "--target" : path !== undefined ? "--path" : undefined;
    if (other)
      refuse(EXIT.usage, `${other} was given for a folder of images`, "--labels TABLE, whose columns these name");
    return {};
  }
  return { table: labels, path: path ?? "path", label: target ?? "label" };
}

/** Images that can be trained on. */
export interface ReadImages {
  readonly reading: Pick<ImagePlan, "size" | "channels" | "fit">;
  /** Every image, the bytes of the pixels under x; in memory where they have room. */
  readonly dataset: Dataset;
  readonly inMemory: boolean;
  readonly classes: readonly string[];
  readonly paths: readonly string[];
  readonly labels: Int32Array;
  /** Numbers of the images that are used. */
  readonly usable: readonly number[];
  /** Numbers of those that are not. */
  readonly leftOut: readonly number[];
  /** What was cleaned and what to beware of, for a reader. */
  readonly findings: readonly Finding[];
  /** Medians of height and width in the files. */
  readonly original: readonly [height: number, width: number];
}

export interface Finding {
  readonly kind: "cleaned" | "warning";
  readonly text: string;
}

/** A class needs so many images: to train, to watch and to test. */
const LEAST_OF_A_CLASS = 5;
const AT_ONCE = 64;

/**
 * Reads every image once: what can't be read is left out, and of exact copies all but the first, so that none is in two parts.
 *
 * @param memory megabytes that the pixels may take; where they need more, images are decoded again in every epoch.
 */
export async function readImages(folder: string, labels: Labels, memory: number, side?: number): Promise<ReadImages> {
  const facts = await part(EXIT.data, () => describeImages(folder, labels));
  const { classes, paths } = facts;
  if (!facts.labels) {
    refuse(
      EXIT.data,
      `${folder} holds ${groupDigits(paths.length)} images and no folders`,
      "a folder for each class, with images in it",
      "or --labels TABLE, which names each image's class",
    );
  }
  if (classes.length < 2) {
    refuse(EXIT.data, `${folder} holds one class, ${classes[0]}`, "at least two classes to tell apart");
  }
  const reading = planReading(facts, side);
  const { dataset } = await part(EXIT.data, () => fromImages(folder, { ...labels, ...reading }));
  const inMemory = paths.length * product([...reading.size, reading.channels]) <= memory * 2 ** 20;
  const pixels = await decodeAll(dataset, paths.length, inMemory);
  const { same, findings } = copiesOf(pixels.digests, facts.labels, classes, paths);
  const leftOut = [...pixels.broken.keys(), ...same].sort((a, b) => a - b);
  const gone = new Set(leftOut);
  const usable = [...paths.keys()].filter((row) => !gone.has(row));
  checkClasses(classes, usable, facts.labels, folder);
  const { data } = pixels;
  const shape = [paths.length, ...reading.size, reading.channels];
  return {
    reading,
    dataset: data ? fromArrays({ x: { data, shape }, y: { data: facts.labels, shape: [paths.length] } }) : dataset,
    inMemory,
    classes,
    paths,
    labels: facts.labels,
    usable,
    leftOut,
    findings: [...brokenFindings(pixels.broken, paths), ...findings, ...imbalance(classes, usable, facts.labels)],
    original: [facts.height, facts.width],
  };
}

/** Every image's pixels, or what is wrong with it. */
async function decodeAll(dataset: Dataset, count: number, keep: boolean) {
  const { gather } = dataset.flow;
  if (!gather) throw new Error("images come in any order");
  const broken = new Map<number, string>();
  const digests: (string | undefined)[] = new Array(count);
  let data: Uint8Array | undefined;
  const put = (x: DenseArray, rows: readonly number[]) => {
    const bytes = x.data as Uint8Array;
    const size = bytes.length / rows.length;
    if (keep) data ??= new Uint8Array(count * size);
    rows.forEach((row, i) => {
      const own = bytes.subarray(i * size, (i + 1) * size);
      data?.set(own, row * size);
      digests[row] = createHash("sha1").update(own).digest("base64");
    });
  };
  for (let start = 0; start < count; start += AT_ONCE) {
    const rows = Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, i) => start + i);
    const read = async (some: readonly number[]) => put((await gather(some, 0))["x"] as DenseArray, some);
    await read(rows).catch(async () => {
      for (const row of rows) await read([row]).catch((error: unknown) => broken.set(row, oneLine(error)));
    });
  }
  return { broken, digests, data };
}

function brokenFindings(broken: ReadonlyMap<number, string>, paths: readonly string[]): Finding[] {
  if (broken.size === 0) return [];
  const names = [...broken.keys()].slice(0, 5).map((row) => paths[row]);
  const more = broken.size > names.length ? ", ..." : "";
  const text = `${groupDigits(broken.size)} that cannot be read left out: ${names.join(", ")}${more}`;
  return [{ kind: "cleaned", text }];
}

/** Images whose pixels are those of an earlier one; those with another class are all left out: nobody knows which is right. */
function copiesOf(
  digests: readonly (string | undefined)[],
  labels: Int32Array,
  classes: readonly string[],
  paths: readonly string[],
): { same: number[]; findings: Finding[] } {
  const groups = new Map<string, number[]>();
  digests.forEach((digest, row) => {
    if (digest === undefined) return;
    const group = groups.get(digest);
    if (group) group.push(row);
    else groups.set(digest, [row]);
  });
  const same: number[] = [];
  const findings: Finding[] = [];
  let copies = 0;
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const [first = 0, ...others] = group;
    const other = others.find((row) => labels[row] !== labels[first]);
    if (other === undefined) {
      copies += others.length;
      same.push(...others);
      continue;
    }
    same.push(...group);
    const name = (row: number) => `${paths[row]} (${classes[labels[row] as number]})`;
    findings.push({ kind: "warning", text: `the same image in two classes, left out: ${name(first)}, ${name(other)}` });
  }
  if (copies > 0) {
    const text = `${groupDigits(copies)} exact copies of others left out, so that none is trained on and tested`;
    findings.unshift({ kind: "cleaned", text });
  }
  return { same, findings };
}

function countsOf(classes: readonly string[], rows: ArrayLike<number>, labels: Int32Array): number[] {
  const counts = classes.map(() => 0);
  for (const row of Array.from(rows)) counts[labels[row] as number] = (counts[labels[row] as number] as number) + 1;
  return counts;
}

function checkClasses(classes: readonly string[], usable: readonly number[], labels: Int32Array, folder: string): void {
  const counts = countsOf(classes, usable, labels);
  const scarce = counts.findIndex((count) => count < LEAST_OF_A_CLASS);
  if (scarce < 0) return;
  const what = `class "${classes[scarce]}" of ${folder} has ${counts[scarce]} image${counts[scarce] === 1 ? "" : "s"}`;
  refuse(EXIT.data, what, `at least ${LEAST_OF_A_CLASS}: to train, to watch and to test`);
}

function imbalance(classes: readonly string[], usable: readonly number[], labels: Int32Array): Finding[] {
  const counts = countsOf(classes, usable, labels);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (most < 5 * least) return [];
  const name = (count: number) => `${classes[counts.indexOf(count)]} (${groupDigits(count)})`;
  const text = `classes differ much in size, from ${name(least)} to ${name(most)}; --balance lets them count alike`;
  return [{ kind: "warning", text }];
}

/** Numbers of the images of each part. */
export interface ImageParts {
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

export const VALIDATION_SIZE = 0.15;

/** Holds out images to test and to watch, of each class alike. */
export function splitImages({ usable, labels }: ReadImages, testSize: number, seed: number): ImageParts {
  const held = splitOff(usable, labels, testSize, seed);
  const watched = splitOff(held.train, labels, VALIDATION_SIZE / (1 - testSize), seed);
  return { train: watched.train, validation: watched.test, test: held.test };
}

function splitOff(rows: readonly number[], labels: Int32Array, testSize: number, seed: number) {
  const stratify = rows.map((row) => labels[row] as number);
  const { train, test } = splitIndices(rows.length, { testSize, stratify, seed });
  const at = (places: Uint32Array) => Array.from(places, (place) => rows[place] as number).sort((a, b) => a - b);
  return { train: at(train), test: at(test) };
}

/** Images of each class in each part, for a reader. */
export function countsByPart(images: ReadImages, parts: ImageParts): (string | number)[][] {
  const [train, validation, test] = [parts.train, parts.validation, parts.test].map((rows) =>
    countsOf(images.classes, rows, images.labels),
  );
  return images.classes.map((name, i) => [name, train?.[i] ?? 0, validation?.[i] ?? 0, test?.[i] ?? 0]);
}
