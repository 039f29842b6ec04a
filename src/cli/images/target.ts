import { type Dataset, fromArrays, type NamedImages } from "../../data/index.ts";
import { type OutputTarget, readTarget, type TargetMeaning } from "../../tabular/index.ts";
import { EXIT, refuse } from "../exit.ts";
import { groupDigits } from "../format.ts";
import { LABEL, type Labels } from "./labels.ts";

/** What is to be said of every image. */
export interface ImageTarget {
  /** Two classes are two of several: a probability for each. */
  readonly task: "multi-class" | "regression" | "multi-label";
  readonly name: string;
  /** Why this task, for a reader. */
  readonly reason: string;
  readonly classes: readonly string[];
  /** A class's number, a number, or 1 and 0 for each label [images, labels]; NaN where nothing is known. */
  readonly y: Float32Array;
  /** How a table tells it; undefined for classes, which `fromImages` reads. */
  readonly meaning?: TargetMeaning;
}

/** Something a reader should know of the images. */
export interface Finding {
  readonly kind: "cleaned" | "warning";
  readonly text: string;
}

/** A class needs so many images: to train, to watch and to test. */
const LEAST_OF_A_CLASS = 5;
const LEAST_IMAGES = 20;

/** Numbers of so few different values may well be classes. */
const FEW_VALUES = 10;

/** Numbers of the target at each image. */
export function widthOf({ task, classes }: Pick<ImageTarget, "task" | "classes">): number {
  return task === "multi-label" ? classes.length : 1;
}

/** The target of some images, [images, width]. */
export function targetsAt(target: Pick<ImageTarget, "task" | "classes" | "y">, rows: readonly number[]): Float32Array {
  const width = widthOf(target);
  return Float32Array.from({ length: rows.length * width }, (_, i) => {
    const row = rows[Math.floor(i / width)] as number;
    return target.y[row * width + (i % width)] as number;
  });
}

/** A table's target as its values suggest, or as asked; undefined for classes. */
export async function toldTarget({
  table,
  targets,
  task: asked,
}: Labels): Promise<{ target: ImageTarget; findings: Finding[] } | undefined> {
  if (table === undefined) return undefined;
  const { meaning, reason, y, rare } = await readTarget(table, {
    target: targets.length > 0 ? targets : LABEL,
    task: asked,
  });
  const { task, name, classes } = meaning;
  if (task === "binary" || task === "multi-class") return undefined;
  const findings: Finding[] = [];
  if (rare.length > 0) {
    const some = `${rare.slice(0, 5).join(", ")}${rare.length > 5 ? ", ..." : ""}`;
    findings.push({ kind: "cleaned", text: `${rare.length} labels are too rare to learn: ${some}` });
  }
  const values = new Set(y.filter((value) => !Number.isNaN(value)));
  if (task === "regression" && asked === undefined && values.size <= FEW_VALUES) {
    const text = `"${name}" has ${values.size} different numbers; if they are classes, --task multi-class`;
    findings.push({ kind: "warning", text });
  }
  return { target: { task, name, reason, classes, y, meaning }, findings };
}

/** The classes of images as a target. */
export function classTarget({ classes, labels, paths }: NamedImages, folder: string): ImageTarget {
  if (!labels) {
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
  return {
    task: "multi-class",
    name: "class",
    reason: `${classes.length} classes`,
    classes,
    y: Float32Array.from(labels),
  };
}

/** Images with their targets under y: classes as integers [images], else [images, width]. */
export function withTargets(images: Dataset, target: ImageTarget): Dataset {
  const { task, y } = target;
  const [data, shape] =
    task === "multi-class" ? [Int32Array.from(y), [y.length]] : [y, [y.length / widthOf(target), widthOf(target)]];
  return images.zip(fromArrays({ y: { data, shape } }));
}

/** Mean and deviation of a regression's target in the training part, by which the model's last layer scales. */
export function momentsOf(target: ImageTarget, rows: readonly number[]): Pick<OutputTarget, "mean" | "deviation"> {
  if (target.task !== "regression") return { mean: 0, deviation: 1 };
  const y = targetsAt(target, rows);
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / y.length;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}

/** Refuses what is too little to learn from; what there is to beware of. */
export function checkTarget(target: ImageTarget, usable: readonly number[], folder: string): Finding[] {
  if (target.task === "multi-class") {
    checkClasses(target, usable, folder);
    return imbalance(target, usable);
  }
  if (usable.length >= LEAST_IMAGES) return [];
  const what = `${folder} has ${usable.length} images with a known "${target.name}"`;
  return refuse(EXIT.data, what, `at least ${LEAST_IMAGES}, to train, to watch and to test`);
}

/** Images of each class, or with each label. */
export function countsOf(target: ImageTarget, rows: readonly number[]): number[] {
  const counts = target.classes.map(() => 0);
  const values = targetsAt(target, rows);
  values.forEach((value, i) => {
    const place = target.task === "multi-label" ? i % counts.length : value;
    counts[place] = (counts[place] as number) + (target.task === "multi-label" ? value : 1);
  });
  return counts;
}

function checkClasses(target: ImageTarget, usable: readonly number[], folder: string): void {
  const counts = countsOf(target, usable);
  const scarce = counts.findIndex((count) => count < LEAST_OF_A_CLASS);
  if (scarce < 0) return;
  const what = `class "${target.classes[scarce]}" of ${folder} has ${counts[scarce]} image${counts[scarce] === 1 ? "" : "s"}`;
  refuse(EXIT.data, what, `at least ${LEAST_OF_A_CLASS}: to train, to watch and to test`);
}

function imbalance(target: ImageTarget, usable: readonly number[]): Finding[] {
  const counts = countsOf(target, usable);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (most < 5 * least) return [];
  const name = (count: number) => `${target.classes[counts.indexOf(count)]} (${groupDigits(count)})`;
  const text = `classes differ much in size, from ${name(least)} to ${name(most)}; --balance lets them count alike`;
  return [{ kind: "warning", text }];
}
