import { readdir, realpath, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { fail } from "../../util/index.ts";

/** A part of a training that a folder is for. */
export type ImagePart = "train" | "validation" | "test";

/** Images and their classes. */
export interface ImageList {
  readonly paths: readonly string[];
  readonly labels: Int32Array | undefined;
  readonly classes: string[];
  /** The part of each image, where folders called train, test and the like hold the folders of the classes. */
  readonly parts?: readonly ImagePart[] | undefined;
  /** What was found besides: paths that hold no images that can be read, from the folder on. */
  readonly others?: readonly string[] | undefined;
  /** What they are called in descriptions. */
  readonly name: string;
}

const IMAGE = /\.(png|jpe?g|webp|gif|tiff?|avif)$/i;

/** What operating systems leave in folders. */
const LITTER = /^(\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i;

/** What folders of parts are called. */
const PARTS: ReadonlyMap<string, ImagePart> = new Map([
  ["train", "train"],
  ["training", "train"],
  ["val", "validation"],
  ["valid", "validation"],
  ["validation", "validation"],
  ["dev", "validation"],
  ["test", "test"],
  ["testing", "test"],
]);

const partOf = (name: string): ImagePart | undefined => PARTS.get(name.toLowerCase());

interface Entries {
  readonly folders: readonly string[];
  readonly images: readonly string[];
  readonly others: readonly string[];
}

/** What is in a folder, in the order of the names. */
async function entriesOf(folder: string): Promise<Entries> {
  const found = await readdir(folder, { withFileTypes: true }).catch((error: Error) =>
    fail(`${folder} cannot be read: ${error.message}`, "a folder of images"),
  );
  const entries = found.filter(({ name }) => !LITTER.test(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const named = (list: typeof entries) => list.map(({ name }) => name);
  const files = named(entries.filter((entry) => !entry.isDirectory()));
  return {
    folders: named(entries.filter((entry) => entry.isDirectory())),
    images: files.filter((name) => IMAGE.test(name)),
    others: files.filter((name) => !IMAGE.test(name)),
  };
}

interface Found {
  readonly path: string;
  readonly kind: string;
  readonly part: ImagePart | undefined;
}

/**
 * The images in a folder's folders, each of these a class, in the order of their names; where these are called train, validation (val, valid, dev) and
 * test, their folders are the classes. Those of a folder without folders, or one image, have no class.
 */
export async function imagesIn(folder: string): Promise<ImageList> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isFile()) return { paths: [folder], labels: undefined, name: folder, classes: [] };
  const top = await entriesOf(folder);
  if (top.folders.length === 0) {
    if (top.images.length === 0) fail(`${folder} holds no images`, "a folder for each class, with images in it");
    const paths = top.images.map((name) => join(folder, name));
    return { paths, labels: undefined, name: folder, classes: [], others: top.others };
  }
  const inParts = await arePartsOf(folder, top.folders);
  const all: Found[] = [];
  const others: string[] = [...top.images, ...top.others];
  const add = async (way: readonly string[], kind: string, part: ImagePart | undefined) => {
    const { folders, images, others: rest } = await entriesOf(join(folder, ...way));
    for (const name of images) all.push({ path: join(folder, ...way, name), kind, part });
    others.push(...[...(images.length === 0 ? [""] : []), ...folders, ...rest].map((name) => join(...way, name)));
  };
  for (const name of top.folders) {
    if (!inParts) await add([name], name, undefined);
    else for (const kind of (await entriesOf(join(folder, name))).folders) await add([name, kind], kind, partOf(name));
    if (inParts) others.push(...(await entriesOf(join(folder, name))).images.map((image) => join(name, image)));
  }
  if (all.length === 0) fail(`${folder} holds no images`, "a folder for each class, with images in it");
  const order: readonly (ImagePart | undefined)[] = ["train", "validation", "test"];
  all.sort((a, b) => order.indexOf(a.part) - order.indexOf(b.part)); // of copies, the first is kept
  const classes = [...new Set(all.map(({ kind }) => kind))].sort();
  return {
    paths: all.map(({ path }) => path),
    labels: Int32Array.from(all, ({ kind }) => classes.indexOf(kind)),
    classes,
    parts: inParts ? all.map(({ part }) => part as ImagePart) : undefined,
    others,
    name: folder,
  };
}

/** Whether folders are parts: all are called so, one is to train, and that holds folders. */
async function arePartsOf(folder: string, names: readonly string[]): Promise<boolean> {
  if (!names.every((name) => partOf(name) !== undefined)) return false;
  const training = names.filter((name) => partOf(name) === "train");
  const inside = await Promise.all(training.map((name) => entriesOf(join(folder, name))));
  return inside.length > 0 && inside.every(({ folders }) => folders.length > 0);
}

/**
 * The images that a table names, and their classes, in the order of their names.
 *
 * @throws DescentError for a path that leads out of the folder: the table may be a stranger's.
 */
export async function imagesNamed(
  folder: string,
  files: readonly unknown[],
  classes: readonly unknown[] | undefined,
): Promise<ImageList> {
  const home = await realpath(folder).catch(() => fail(`there is no folder ${folder}`, "the folder of the images"));
  const paths: string[] = [];
  for (const [row, file] of files.entries()) {
    if (typeof file !== "string" || file === "") fail(`row ${row} of the table names no image`, "a path");
    const path = resolve(home, file);
    const real = await realpath(path).catch(() => path);
    if (!isWithin(home, path) || !isWithin(home, real)) {
      fail(`row ${row} of the table names ${file}, which leads out of ${folder}`, "a path within the folder");
    }
    paths.push(path);
  }
  if (!classes) return { paths, labels: undefined, name: folder, classes: [] };
  const names = [...new Set(classes.map(String))].sort();
  const labels = Int32Array.from(classes, (name) => names.indexOf(String(name)));
  return { paths, labels, name: folder, classes: names };
}

function isWithin(home: string, path: string): boolean {
  const way = relative(home, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && resolve(home, way) === path;
}
