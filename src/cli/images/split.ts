import { splitIndices } from "../../data/index.ts";
import { rarestLabels } from "../../tabular/index.ts";
import { EXIT, refuse } from "../exit.ts";
import type { ReadImages } from "./read.ts";
import { countsOf, type ImageTarget, targetsAt } from "./target.ts";

/** Numbers of the images of each part. */
export interface ImageParts {
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

export const VALIDATION_SIZE = 0.15;

/** Holds out images to test and to watch, where no folders do: of each class alike, or by the rarest of their labels. */
export function splitImages({ usable, target, given }: ReadImages, testSize: number, seed: number): ImageParts {
  const of = (part: ImagePart) => usable.filter((row) => given?.[row] === part);
  const [rest, watched, tested] = given ? [of("train"), of("validation"), of("test")] : [usable, [], []];
  const shares = sharesOf(tested.length > 0, watched.length > 0, testSize);
  if (target.task === "multi-class") checkEnough(rest, target, shares);
  const held = tested.length > 0 ? { train: rest, test: tested } : splitOff(rest, target, shares.test, seed);
  if (watched.length > 0) return { train: held.train, validation: watched, test: held.test };
  const own = splitOff(held.train, target, shares.validation, seed);
  return { train: own.train, validation: own.test, test: held.test };
}

type ImagePart = NonNullable<ReadImages["given"]>[number];

/** Shares that are held out: to test, of all that are not in a folder of their own; to watch, of what is left then. */
export function sharesOf(hasTest: boolean, hasValidation: boolean, testSize: number) {
  const test = hasTest ? 0 : testSize;
  return { test, validation: hasValidation ? 0 : VALIDATION_SIZE / (1 - test) };
}

/** Every class is in every part that is held out, so the smallest part has as many images as there are classes. */
function checkEnough(rows: readonly number[], target: ImageTarget, { test, validation }: ReturnType<typeof sharesOf>) {
  const classes = target.classes.length;
  const shares = [test, validation * (1 - test)].filter((share) => share > 0);
  const least = Math.ceil(classes / Math.min(1, ...shares));
  if (rows.length < least) {
    const what = `${rows.length} images are too few for each of ${classes} classes to be among those to train, to watch and to test`;
    refuse(EXIT.data, what, `at least ${least}`);
  }
  const absent = countsOf(target, rows).indexOf(0);
  if (absent >= 0)
    refuse(EXIT.data, `no image to train is of the class "${target.classes[absent]}"`, "some of each class");
}

function splitOff(rows: readonly number[], target: ImageTarget, testSize: number, seed: number) {
  const stratify = strataOf(target, rows, testSize);
  const { train, test } = splitIndices(rows.length, { testSize, seed, ...(stratify && { stratify }) });
  const at = (places: Uint32Array) => Array.from(places, (place) => rows[place] as number).sort((a, b) => a - b);
  return { train: at(train), test: at(test) };
}

function strataOf(target: ImageTarget, rows: readonly number[], testSize: number): readonly number[] | undefined {
  if (target.task === "regression") return undefined;
  const y = targetsAt(target, rows);
  return target.task === "multi-class" ? [...y] : rarestLabels(y, target.classes.length, testSize);
}

/** Images of each class or with each label in each part, for a reader. */
export function countsByPart({ target }: ReadImages, parts: ImageParts): (string | number)[][] {
  const [train, validation, test] = [parts.train, parts.validation, parts.test].map((rows) => countsOf(target, rows));
  return target.classes.map((name, i) => [name, train?.[i] ?? 0, validation?.[i] ?? 0, test?.[i] ?? 0]);
}
