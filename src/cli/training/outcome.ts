import type { Scores } from "../../train/index.ts";
import type { Dense } from "../data/dense.ts";
import type { Mistake } from "../report/index.ts";
import { confusionMatrix } from "../scores.ts";
import { answersOf, type Task } from "./task.ts";

/** How a model did on data that it was tested with. */
export interface Outcome {
  samples: number;
  /** The loss and the metrics that are single numbers. */
  metrics: Record<string, number>;
  /** Counts by true class (row) and predicted class (column). */
  confusion?: number[][];
  mistakes?: Mistake[];
  /** Predictions of a single number per sample, beside the true ones. */
  regression?: { actual: Float32Array; predicted: Float32Array; r2: number; meanAbsoluteError: number };
}

const MOST_MISTAKES = 24;

/**
 * What a test came to.
 *
 * @param task of exactly these samples.
 * @param output what the model answers to `x`.
 * @param pictures `x` as it was before scaling, from which the worst mistakes are shown when they are pictures.
 */
export function outcomeOf(scores: Scores, task: Task, y: Dense, output: Dense, pictures: Dense): Outcome {
  const samples = y.shape[0] ?? 0;
  const metrics: Record<string, number> = {};
  for (const [name, value] of Object.entries(scores)) if (typeof value === "number") metrics[name] = value;
  if (task.kind === "numbers") {
    const isSingle = y.data.length === samples && output.data.length === samples;
    return { samples, metrics, ...(isSingle && { regression: regressionOf(y.data, output.data) }) };
  }
  const { classes, probabilities } = answersOf(output.data, samples);
  const mistakes = mistakesOf(task.labels, classes, probabilities, pictures);
  return {
    samples,
    metrics,
    confusion: confusionMatrix(task.labels, classes, task.classes),
    ...(mistakes.length > 0 && { mistakes }),
  };
}

/** The same of a language model: tokens count, and how many the model hesitates between (exp of the loss). */
export function textOutcome(scores: Scores, y: Dense): Outcome {
  const metrics: Record<string, number> = {};
  for (const [name, value] of Object.entries(scores)) if (typeof value === "number") metrics[name] = value;
  return { samples: y.shape[0] ?? 0, metrics: { ...metrics, perplexity: Math.exp(scores.loss) } };
}

function mistakesOf(labels: Int32Array, classes: Int32Array, probabilities: Float32Array, x: Dense): Mistake[] {
  const [, ...shape] = x.shape;
  const isPicture =
    (shape.length === 3 && (shape[2] === 1 || shape[2] === 3)) || (shape.length === 2 && shape[1] !== 1);
  if (!isPicture || !withinUnit(x)) return [];
  const size = x.data.length / labels.length;
  const wrong = [...labels.keys()].filter((i) => labels[i] !== classes[i]);
  wrong.sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0));
  return wrong.slice(0, MOST_MISTAKES).map((i) => ({
    pixels: x.data.subarray(i * size, (i + 1) * size),
    shape,
    label: labels[i] ?? -1,
    prediction: classes[i] ?? -1,
    probability: probabilities[i] ?? 0,
  }));
}

/** True of brightness as pictures have it: bytes, or numbers from 0 to 1. */
function withinUnit({ data }: Dense): boolean {
  return data instanceof Uint8Array || data.every((value) => value >= 0 && value <= 1);
}

function regressionOf(actual: ArrayLike<number>, predicted: ArrayLike<number>): NonNullable<Outcome["regression"]> {
  const [y, answer] = [Float32Array.from(actual), Float32Array.from(predicted)];
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  let [residual, total, absolute] = [0, 0, 0];
  y.forEach((value, i) => {
    const error = value - (answer[i] ?? Number.NaN);
    residual += error ** 2;
    total += (value - mean) ** 2;
    absolute += Math.abs(error);
  });
  const r2 = total > 0 ? 1 - residual / total : Number(residual === 0);
  return { actual: y, predicted: answer, r2, meanAbsoluteError: absolute / y.length };
}
