import { createHash } from "node:crypto";
import {
  type Dataset,
  type DenseArray,
  describeImages,
  fromArrays,
  fromImages,
  type NamedImages,
} from "../../data/index.ts";
import { isKnown } from "../../tabular/index.ts";
import { product } from "../../util/index.ts";
import { EXIT, oneLine, part, refuse } from "../exit.ts";
import { groupDigits } from "../format.ts";
import { valueCell } from "../tabular/answers.ts";
import { imageNames, type Labels } from "./labels.ts";
import { type ImagePlan, planReading } from "./rules.ts";
import {
  checkTarget,
  classTarget,
  type Finding,
  type ImageTarget,
  toldTarget,
  widthOf,
  withTargets,
} from "./target.ts";

/** Images that can be trained on. */
export interface ReadImages {
  readonly reading: Pick<ImagePlan, "size" | "channels" | "fit">;
  /** Every image, the bytes of the pixels under x; in memory where they have room. */
  readonly dataset: Dataset;
  readonly inMemory: boolean;
  readonly paths: readonly string[];
  /** The part of each image, where folders say so. */
  readonly given: NamedImages["parts"];
  readonly target: ImageTarget;
  /** Numbers of the images that are used. */
  readonly usable: readonly number[];
  /** Numbers of those that are not. */
  readonly leftOut: readonly number[];
  /** What was cleaned and what to beware of, for a reader. */
  readonly findings: readonly Finding[];
  /** Medians of height and width in the files. */
  readonly original: readonly [height: number, width: number];
}

const AT_ONCE = 64;

/**
 * Reads every image once: what can't be read is left out, and of exact copies all but the first, so that none is in two parts.
 *
 * @param memory megabytes that the pixels may take; where they need more, images are decoded again in every epoch.
 */
export async function readImages(folder: string, labels: Labels, memory: number, side?: number): Promise<ReadImages> {
  const told = await part(EXIT.data, () => toldTarget(labels));
  const names = imageNames(labels, told === undefined);
  const facts = await part(EXIT.data, () => describeImages(folder, names));
  const { paths } = facts;
  const target = told?.target ?? classTarget(facts, folder);
  const count = target.y.length / widthOf(target);
  if (count !== paths.length)
    refuse(EXIT.data, `${labels.table} has ${count} targets of ${paths.length} images`, "one for each");
  const reading = planReading(facts, side);
  const { dataset } = await part(EXIT.data, () => fromImages(folder, { ...names, ...reading }));
  const inMemory = paths.length * product([...reading.size, reading.channels]) <= memory * 2 ** 20;
  const pixels = await decodeAll(dataset, paths.length, inMemory);
  const unknown = [...paths.keys()].filter((row) => !isKnown(target.y, target, row));
  const { same, findings } = copiesOf(pixels.digests, target, paths);
  const gone = new Set([...pixels.broken.keys(), ...unknown, ...same]);
  const leftOut = [...gone].sort((a, b) => a - b);
  const usable = [...paths.keys()].filter((row) => !gone.has(row));
  const beware = checkTarget(target, usable, folder);
  const { data } = pixels;
  const shape = [paths.length, ...reading.size, reading.channels];
  return {
    reading,
    dataset: data || told ? withTargets(data ? fromArrays({ x: { data, shape } }) : dataset, target) : dataset,
    inMemory,
    paths,
    given: facts.parts,
    target,
    usable,
    leftOut,
    findings: [
      ...otherFindings(facts.others ?? []),
      ...brokenFindings(pixels.broken, paths),
      ...unknownFindings(unknown.length),
      ...(told?.findings ?? []),
      ...findings,
      ...beware,
    ],
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

function otherFindings(others: readonly string[]): Finding[] {
  if (others.length === 0) return [];
  const more = others.length > 5 ? ", ..." : "";
  const what = `${groupDigits(others.length)} ${others.length === 1 ? "file or folder that holds" : "files or folders that hold"}`;
  const text = `${what} no PNG, JPEG, WebP, GIF, TIFF or AVIF of a class left out: ${others.slice(0, 5).join(", ")}${more}`;
  return [{ kind: "warning", text }];
}

function brokenFindings(broken: ReadonlyMap<number, string>, paths: readonly string[]): Finding[] {
  if (broken.size === 0) return [];
  const names = [...broken.keys()].slice(0, 5).map((row) => paths[row]);
  const more = broken.size > names.length ? ", ..." : "";
  const text = `${groupDigits(broken.size)} that cannot be read left out: ${names.join(", ")}${more}`;
  return [{ kind: "cleaned", text }];
}

function unknownFindings(count: number): Finding[] {
  return count > 0 ? [{ kind: "cleaned", text: `${groupDigits(count)} without a known target left out` }] : [];
}

/** Images whose pixels are those of an earlier one; those with another target are all left out: nobody knows which is right. */
function copiesOf(
  digests: readonly (string | undefined)[],
  target: ImageTarget,
  paths: readonly string[],
): { same: number[]; findings: Finding[] } {
  const groups = new Map<string, number[]>();
  digests.forEach((digest, row) => {
    if (digest === undefined || !isKnown(target.y, target, row)) return;
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
    const other = others.find((row) => valueCell(target, target.y, row) !== valueCell(target, target.y, first));
    if (other === undefined) {
      copies += others.length;
      same.push(...others);
      continue;
    }
    same.push(...group);
    const name = (row: number) => `${paths[row]} (${valueCell(target, target.y, row) || "none"})`;
    findings.push({
      kind: "warning",
      text: `the same image ${target.task === "multi-class" ? "in two classes" : "with two targets"}, left out: ${name(first)}, ${name(other)}`,
    });
  }
  if (copies > 0) {
    const text = `${groupDigits(copies)} exact copies of others left out, so that none is trained on and tested`;
    findings.unshift({ kind: "cleaned", text });
  }
  return { same, findings };
}
