import type { TypedArray } from "../tensor/index.ts";
import { fail, formatShape, product, type Shape, sameShape } from "../util/index.ts";
import { formatBatch } from "./checks.ts";
import type { Loss } from "./losses/loss.ts";

/** Numbers as they lie in memory, row-major, the batch first. */
export interface HostArray {
  readonly shape: Shape;
  readonly data: TypedArray | ArrayLike<number>;
  /** Elements from one sample's start to the next one's, where samples overlap; default those of a sample. */
  readonly rowStride?: number | undefined;
}

/**
 * Refuses targets that a loss can't take, before any training: wrong shapes, labels out of range, numbers that are not
 * finite or no probabilities.
 *
 * @param outputShape the shape of one output of the network, without the batch.
 *
 * @example
 * checkTargets(resolveLoss("sparseCategoricalCrossentropy"), { shape: [3], data: new Int32Array([0, 9, 4]) }, [10]);
 *
 * @throws DescentError such as "labels 0..9 ... found 12 at sample 37".
 */
export function checkTargets(loss: Loss, targets: HostArray, outputShape: Shape, where = "y"): void {
  if (loss.targets !== "any") checkShape(loss, targets, outputShape, where);
  checkFinite(targets, where);
  if (loss.targets === "classes") checkClasses(loss, targets, outputShape.at(-1) ?? 1, where);
  if (loss.targets === "sequences") checkClasses(loss, targets, outputShape.at(-1) ?? 1, where);
  if (loss.targets === "labels") checkLabels(targets, where);
  if (loss.targets === "signs") checkSigns(loss, targets, where);
  if (loss.targets === "probabilities") checkProbabilities(loss, targets, where);
  if (loss.targets === "distributions") checkDistributions(loss, targets, where);
}

/**
 * Refuses NaN and infinities.
 *
 * @throws DescentError naming the sample and the place in it.
 */
export function checkFinite(array: HostArray, where: string): void {
  const { data } = array;
  if (!(data instanceof Float32Array) && ArrayBuffer.isView(data)) return; // integers
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (!Number.isFinite(value)) {
      fail(`${where} is ${value} at ${place(array, i)}`, "finite numbers", "fill or drop missing values first");
    }
  }
}

function checkShape(loss: Loss, { shape }: HostArray, outputShape: Shape, where: string): void {
  const sample = shape.slice(1);
  const places = outputShape.slice(0, -1);
  const classes = outputShape.at(-1) ?? 1;
  if (loss.targets === "sequences") {
    if (sample.length === 1) return;
    fail(
      `${where} has shape ${formatShape(shape)}`,
      `class numbers [batch, length], filled up with 0, for ${loss.kind}`,
    );
  }
  const expected = loss.targetShape?.(outputShape) ?? (loss.targets === "classes" ? places : outputShape);
  if ((loss.targets === "classes" || loss.targets === "distributions") && classes < 2) {
    fail(
      `${loss.kind} with outputs of shape ${formatShape(outputShape)}`,
      "at least two classes",
      "use binaryCrossentropy for one output, or give the last layer one unit per class",
    );
  }
  if (sameShape(withoutOne(sample), withoutOne(expected))) return;
  fail(
    `${where} has shape ${formatShape(shape)} for outputs of shape ${formatBatch(outputShape)}`,
    `${formatBatch(expected)} for ${loss.kind}`,
    shapeFix(loss, sample, outputShape, where),
  );
}

function shapeFix(loss: Loss, sample: Shape, outputShape: Shape, where: string): string | undefined {
  const places = outputShape.slice(0, -1);
  const classes = outputShape.at(-1) ?? 1;
  if (loss.targets === "classes" && sameShape(sample, outputShape)) {
    return 'one-hot targets need the loss "categoricalCrossentropy"';
  }
  if (loss.targets === "distributions" && sameShape(withoutOne(sample), places)) {
    return 'class numbers need the loss "sparseCategoricalCrossentropy"';
  }
  if (product(sample) === product(outputShape) && loss.targets !== "classes") {
    return `${where}.reshape(${formatShape([-1, ...outputShape])})`;
  }
  if (sample.length <= 1 && places.length === 0) {
    return `give the last layer ${product(sample)} units instead of ${classes}`;
  }
  return undefined;
}

function checkClasses(loss: Loss, targets: HostArray, classes: number, where: string): void {
  const { data } = targets;
  const ignored = loss.options["ignoreClass"];
  for (let i = 0; i < data.length; i++) {
    const label = data[i] as number;
    if ((Number.isInteger(label) && label >= 0 && label < classes) || label === ignored) continue;
    fail(
      `${where} holds the label ${label} at ${place(targets, i)}`,
      `labels 0..${classes - 1}, because the output has ${classes} units`,
      label === classes ? `do the labels begin with 1? then use ${where}.sub(1)` : undefined,
    );
  }
}

function checkLabels(targets: HostArray, where: string): void {
  const { data } = targets;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isInteger(data[i])) fail(`${where} holds the label ${data[i]} at ${place(targets, i)}`, "integers");
  }
}

function checkSigns(loss: Loss, targets: HostArray, where: string): void {
  const { data } = targets;
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 1 || data[i] === -1 || data[i] === 0) continue;
    fail(`${where} is ${data[i]} at ${place(targets, i)}`, `labels -1 and 1, or 0 and 1, for ${loss.kind}`);
  }
}

function checkProbabilities(loss: Loss, targets: HostArray, where: string): void {
  const { data } = targets;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (value >= 0 && value <= 1) continue;
    fail(`${where} is ${value} at ${place(targets, i)}`, `labels 0 and 1, or values between, for ${loss.kind}`);
  }
}

function checkDistributions(loss: Loss, targets: HostArray, where: string): void {
  checkProbabilities(loss, targets, where);
  const { data, shape } = targets;
  const classes = shape.at(-1) ?? 1;
  for (let start = 0; start < data.length; start += classes) {
    let sum = 0;
    for (let i = 0; i < classes; i++) sum += data[start + i] as number;
    if (Math.abs(sum - 1) <= 1e-3) continue;
    fail(
      `${where} sums to ${Number(sum.toPrecision(6))} over the classes at ${place(targets, start)}`,
      `one-hot rows or distributions for ${loss.kind}`,
      sum === 0 || sum > 1 ? 'for several labels per sample use "binaryCrossentropy"' : undefined,
    );
  }
}

/** "sample 37", or "sample 37, element [2, 0]". */
function place({ shape, rowStride }: HostArray, index: number): string {
  const sample = shape.slice(1);
  const size = product(sample);
  const stride = rowStride ?? size;
  const row = Math.max(0, Math.ceil((index - size + 1) / stride)); // the first that holds it
  const at = `sample ${row}`;
  if (size === 1) return at;
  let rest = index - row * stride;
  const element = [...sample].reverse().map((length) => {
    const position = rest % length;
    rest = Math.floor(rest / length);
    return position;
  });
  return `${at}, element ${formatShape(element.reverse())}`;
}

function withoutOne(shape: Shape): Shape {
  return shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
}
