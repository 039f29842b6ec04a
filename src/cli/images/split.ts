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

/** Holds out images to test and to watch: of each class alike, or by the rarest of their labels. */
export function splitImages({ usable, target }: ReadImages, testSize: number, seed: number): ImageParts {
  if (target.task === "multi-class") checkEnough(usable.length, target.classes.length, testSize);
  const held = splitOff(usable, target, testSize, seed);
  const watched = splitOff(held.train, target, VALIDATION_SIZE / (1 - testSize), seed);
  return { train: watched.train, validation: watched.test, test: held.test };
}

/** Every class is in every part, so the smallest part has as many images as there are classes. */
function checkEnough(images: number, classes: number, testSize: number): void {
  const least = Math.ceil(classes / Math.min(testSize, VALIDATION_SIZE));
  if (images >= least) return;
  const what = `${images} images are too few for each of ${classes} classes to be among those to train, to watch and to test`;
  refuse(EXIT.data, what, `at least ${least}`);
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
