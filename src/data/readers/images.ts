import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { cpus } from "node:os";
import { fail, refusePackage } from "../../util/index.ts";
import type { Batch } from "../datasets/batch.ts";
import type { Flow } from "../datasets/flow.ts";
import { readInOrder } from "../datasets/stages/rows.ts";
import type { ImageList } from "./image-list.ts";
import type { ImageSettings } from "./image-options.ts";

interface Picture {
  resize(width: number, height: number, options: { fit: string }): Picture;
  removeAlpha(): Picture;
  toColourspace(space: string): Picture;
  raw(): Picture;
  metadata(): Promise<{ width?: number; height?: number; hasAlpha?: boolean }>;
  toBuffer(options: { resolveWithObject: true }): Promise<{ data: Uint8Array; info: { channels: number } }>;
}

/** What is used of `sharp`, an optional package of 20 MB that is loaded here. */
type Sharp = (file: Uint8Array, options: { limitInputPixels: number; failOn: string }) => Picture;

/** Largest file, and most pixels, of one image. */
const MOST_BYTES = 2 ** 28;
const MOST_PIXELS = 2 ** 26;

/** Images of a batch, and how many are decoded side by side. */
const BATCH = 64;
const BESIDE = Math.max(4, 2 * cpus().length);

/** Images as uint8 [height, width, channels] under `x`, their classes as int32 under `y`. */
export async function imageFlow({ paths, labels, name }: ImageList, settings: ImageSettings): Promise<Flow> {
  const sharp = await library();
  const { size, channels, fit } = settings;
  const [height, width] = size;
  const pixels = height * width * channels;
  const gather = async (rows: ArrayLike<number>): Promise<Batch> => {
    const data = new Uint8Array(rows.length * pixels);
    let next = 0;
    const work = async () => {
      for (let i = next++; i < rows.length; i = next++) {
        data.set(await decoded(sharp, paths[rows[i] as number] as string, settings), i * pixels);
      }
    };
    await Promise.all(Array.from({ length: Math.min(BESIDE, rows.length) }, work));
    const x = { data, shape: [rows.length, height, width, channels] };
    if (!labels) return { x };
    return { x, y: { data: Int32Array.from(rows, (row) => labels[row] as number), shape: [rows.length] } };
  };
  return {
    description: `${paths.length} images of ${name} as ${height} x ${width} x ${channels} (${fit})`,
    length: paths.length,
    gather,
    open: (pass, position) => readInOrder(paths.length, gather, pass, position, BATCH),
  };
}

async function decoded(sharp: Sharp, path: string, { size, channels, fit }: ImageSettings): Promise<Uint8Array> {
  const [height, width] = size;
  const bytes = imageBytes(path);
  try {
    const picture = sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: "warning" })
      .resize(width, height, { fit })
      .toColourspace(channels === 1 ? "b-w" : "srgb");
    const { data, info } = await (channels === 4 ? picture : picture.removeAlpha())
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels === channels) return data;
    return withChannels(data, info.channels, channels);
  } catch (error) {
    const [why = ""] = String((error as Error).message).split("\n");
    return fail(`${path} is no image that can be read: ${why}`, "a whole PNG, JPEG, WebP, GIF, TIFF or AVIF file");
  }
}

/** Pixels of another number of channels: gray repeated, opaque where there was no transparency. */
function withChannels(data: Uint8Array, from: number, to: number): Uint8Array {
  const count = data.length / from;
  const out = new Uint8Array(count * to);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < to; c++) out[i * to + c] = c === 3 ? 255 : (data[i * from + Math.min(c, from - 1)] as number);
  }
  return out;
}

/** What the files of images are like: see `describeImages`. */
export interface ImageFacts {
  /** Medians, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Whether all have the same proportions, but for a tenth. */
  readonly alike: boolean;
  /** Whether none has a color. */
  readonly gray: boolean;
}

/** Images that are looked at. */
const MOST_LOOKED_AT = 200;

/** Looks at some of the images, evenly spread; those that can't be read are left out. */
export async function imageFacts(paths: readonly string[]): Promise<ImageFacts> {
  const sharp = await library();
  const count = Math.min(MOST_LOOKED_AT, paths.length);
  const looked = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const path = paths[Math.floor((i * paths.length) / count)] as string;
      try {
        const options = { limitInputPixels: MOST_PIXELS, failOn: "warning" };
        const { width = 0, height = 0 } = await sharp(await imageBytes(path), options).metadata();
        const pixels = await decoded(sharp, path, { size: [16, 16], channels: 3, fit: "fill" });
        return { height, width, gray: isGray(pixels) };
      } catch {
        return undefined;
      }
    }),
  );
  const seen = looked.filter((each) => each !== undefined);
  if (seen.length === 0) fail(`none of ${count} images can be read, ${paths[0]} for one`, "PNG, JPEG, WebP, ...");
  const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;
  const proportion = middle(seen.map(({ height, width }) => width / height));
  return {
    height: middle(seen.map(({ height }) => height)),
    width: middle(seen.map(({ width }) => width)),
    alike: seen.every(({ height, width }) => Math.abs(Math.log(width / height / proportion)) < 0.1),
    gray: seen.every(({ gray }) => gray),
  };
}

/** Whether red, green and blue are the same everywhere, but for what JPEG rounds. */
function isGray(pixels: Uint8Array): boolean {
  for (let i = 0; i < pixels.length; i += 3) {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(i, i + 3);
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > 4) return false;
  }
  return true;
}

/** How files of images begin. Others are not given to a decoder: some formats can name other files. */
const BEGINNINGS: readonly (readonly [at: number, bytes: string])[] = [
  [0, "\x89PNG\r\n\x1a\n"],
  [0, "\xff\xd8\xff"],
  [8, "WEBP"],
  [0, "GIF8"],
  [0, "II*\0"],
  [0, "MM\0*"],
  [4, "ftypavif"],
];

/** Read where we are: for a small file, asking a thread four times costs more than the reading. */
function imageBytes(path: string): Uint8Array {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe would keep us waiting
  } catch (error) {
    return fail(`${path} cannot be read: ${(error as Error).message}`, "a file");
  }
  try {
    const facts = fstatSync(file);
    if (!facts.isFile() || facts.size > MOST_BYTES) fail(`${path} is no file, or has more than 256 MB`, "an image");
    const bytes = Buffer.alloc(facts.size);
    const length = readSync(file, bytes, 0, facts.size, 0);
    const begins = (at: number, text: string) => bytes.toString("latin1", at, at + text.length) === text;
    if (BEGINNINGS.some(([at, text]) => begins(at, text))) return bytes.subarray(0, length);
    return fail(`${path} does not begin as an image does`, "a PNG, JPEG, WebP, GIF, TIFF or AVIF file");
  } finally {
    closeSync(file);
  }
}

async function library(): Promise<Sharp> {
  const name = "sharp";
  try {
    return ((await import(name)) as { default: Sharp }).default;
  } catch (error) {
    return refusePackage(name, "reads images", error);
  }
}
