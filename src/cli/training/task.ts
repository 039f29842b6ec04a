import { product, type Shape } from "../../util/index.ts";
import type { Dense } from "../data/dense.ts";

/** What a model's answers are, as the targets and its output show. */
export type Task =
  | { kind: "classes"; classes: number /** The class of every sample. */; labels: Int32Array }
  | { kind: "numbers" };

/**
 * Classes when y holds class numbers for an output of that many, one-hot rows of the output's size, or only zeros and
 * ones for an output of one; otherwise numbers.
 *
 * @param outputShape without the batch.
 */
export function taskOf(y: Dense, outputShape: Shape): Task {
  const size = product(outputShape);
  const samples = y.shape[0] ?? 0;
  const flat = y.data.length === samples;
  if (size === 1 && flat && y.data.every((value) => value === 0 || value === 1)) {
    return { kind: "classes", classes: 2, labels: Int32Array.from(y.data) };
  }
  if (size > 1 && flat && y.data.every((value) => Number.isInteger(value) && value >= 0 && value < size)) {
    return { kind: "classes", classes: size, labels: Int32Array.from(y.data) };
  }
  const labels = size > 1 && y.data.length === samples * size ? oneHotLabels(y.data, samples, size) : undefined;
  return labels ? { kind: "classes", classes: size, labels } : { kind: "numbers" };
}

function oneHotLabels(data: ArrayLike<number>, samples: number, size: number): Int32Array | undefined {
  const labels = new Int32Array(samples).fill(-1);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (value === 0) continue;
    const row = Math.floor(i / size);
    if (value !== 1 || labels[row] !== -1) return undefined;
    labels[row] = i % size;
  }
  return labels.includes(-1) ? undefined : labels;
}

/** The class of each sample, and how sure the model was of it. */
export interface Answers {
  classes: Int32Array;
  probabilities: Float32Array;
}

/** Reads a model's output [samples, size] as classes; scores that are no probabilities are taken for logits. */
export function answersOf(output: ArrayLike<number>, samples: number): Answers {
  const size = samples > 0 ? output.length / samples : 1;
  const answers = { classes: new Int32Array(samples), probabilities: new Float32Array(samples) };
  for (let i = 0; i < samples; i++) {
    const row = Array.from({ length: size }, (_, j) => output[i * size + j] ?? Number.NaN);
    const [best, probability] = size === 1 ? yesOrNo(row[0] ?? Number.NaN) : mostLikely(row);
    answers.classes[i] = best;
    answers.probabilities[i] = probability;
  }
  return answers;
}

function yesOrNo(value: number): [best: number, probability: number] {
  const yes = value >= 0.5;
  return [yes ? 1 : 0, Math.min(1, Math.max(0, yes ? value : 1 - value))];
}

function mostLikely(row: readonly number[]): [best: number, probability: number] {
  const top = Math.max(...row);
  const best = row.indexOf(top);
  return [best, isDistribution(row) ? top : 1 / row.reduce((sum, score) => sum + Math.exp(score - top), 0)];
}

/** True of probabilities that sum to one. */
export function isDistribution(row: readonly number[]): boolean {
  const sum = row.reduce((total, value) => total + value, 0);
  return Math.abs(sum - 1) < 1e-3 && row.every((value) => value >= 0);
}
