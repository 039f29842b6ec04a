import type { TableTask } from "./types.ts";

type MetricName = "meanAbsoluteError" | "r2" | "accuracy" | "binaryAccuracy" | "auc";

/** How a table's model is trained. */
export interface TrainingPlan {
  readonly hidden: readonly number[];
  readonly dropout: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly epochs: number;
  /** Updates of an epoch, where it is no pass over the data. */
  readonly stepsPerEpoch?: number;
  readonly patience: number;
  /** Networks, whose answers are averaged. */
  readonly networks: number;
  readonly loss: "meanSquaredError" | "binaryCrossentropy" | "sparseCategoricalCrossentropy";
  readonly metrics: readonly MetricName[];
}

const LOSSES = {
  regression: "meanSquaredError",
  binary: "binaryCrossentropy",
  "multi-class": "sparseCategoricalCrossentropy",
  "multi-label": "binaryCrossentropy",
} as const;

const METRICS: Record<TableTask, readonly MetricName[]> = {
  regression: ["meanAbsoluteError", "r2"],
  binary: ["accuracy", "auc"],
  "multi-class": ["accuracy"],
  "multi-label": ["binaryAccuracy"],
};

/** Samples of an epoch, and of a training, of a table that is read as a stream. */
const LONGEST_EPOCH = 2_000_000;
const LONGEST = 20_000_000;

/** Networks at most by the rules, and numbers of features in all rows together that one of them is worth. */
const MOST_NETWORKS = 10;
const MOST_FEATURES = 10_000_000;

/** How many networks a table of so many features gets: ten up to a million numbers in all rows, fewer in proportion, one from ten million on. */
export function networksFor(rows: number, features: number): number {
  return Math.max(1, Math.min(MOST_NETWORKS, Math.round(MOST_FEATURES / Math.max(1, rows * features))));
}

/** Pieces of a number at most, by the size of the table, and rows that each needs: below, its ends say more of single rows than of the column. */
const MOST_PIECES = { small: 16, medium: 16, large: 32 } as const;
const ROWS_PER_PIECE = 60;

/** Fewer pieces than this are not worth it; of all columns together no more than this. */
const LEAST_PIECES = 4;
const ALL_PIECES = 2048;

/**
 * Into how many pieces the values of so many columns of numbers and dates are cut: 16, from 20,000 rows on 32, or rows / 60, or 2,048 / columns; 0 where
 * these are less than 4.
 */
export function piecesFor(rows: number, columns: number): number {
  const pieces = Math.floor(Math.min(MOST_PIECES[sizeOf(rows)], rows / ROWS_PER_PIECE, ALL_PIECES / columns));
  return pieces < LEAST_PIECES ? 0 : pieces;
}

/** Rows from which on nothing is dropped: so many teach no network too much. */
const DROPPED_BELOW = 200_000;

/** How large a table is by the rows of its training part. */
function sizeOf(rows: number): "small" | "medium" | "large" {
  return rows < 1000 ? "small" : rows < 20_000 ? "medium" : "large";
}

/**
 * The rules by which a model is chosen; rows are those of the training part. Hidden layers: 32 units below 1000 rows, 64 and 32 below 20,000,
 * else 128 and 64. Dropout: 0.3 below 1000 rows, 0.1 below 200,000, else none. Batches: a power of 2 near rows / 40, from 16 to 1024. Adam,
 * at 0.001, halved when the validation loss has not fallen for a third of the patience. Patience: 20 epochs below 1000 rows, 12 below 20,000,
 * else 4; at most 200 epochs, fewer where these would be more than 20 million samples, but 8. A
 * table that is read as a stream and has more than 2 million rows is watched every 2 million samples, which is an epoch there; it has at most
 * as many as make 20 million samples, or two passes.
 *
 * @param networks how many are trained, as `PreparedTable.networks` tells; default 1.
 */
export function planTraining(task: TableTask, rows: number, isStreamed = false, networks = 1): TrainingPlan {
  const size = sizeOf(rows);
  const batchSize = 2 ** Math.min(10, Math.max(4, Math.round(Math.log2(rows / 40))));
  const stepsPerEpoch = isStreamed && rows > LONGEST_EPOCH ? Math.round(LONGEST_EPOCH / batchSize) : undefined;
  const epochs =
    stepsPerEpoch === undefined
      ? Math.max(8, Math.min(200, Math.round(LONGEST / rows)))
      : Math.ceil(Math.max(LONGEST, 2 * rows) / LONGEST_EPOCH);
  return {
    hidden: { small: [32], medium: [64, 32], large: [128, 64] }[size],
    dropout: size === "small" ? 0.3 : rows < DROPPED_BELOW ? 0.1 : 0,
    learningRate: 0.001,
    batchSize,
    epochs,
    ...(stepsPerEpoch !== undefined && { stepsPerEpoch }),
    networks,
    patience: { small: 20, medium: 12, large: 4 }[size],
    loss: LOSSES[task],
    metrics: METRICS[task],
  };
}

/** The learning rate of a plan's networks, or of its linear models, which learn ten times as fast. */
export function learningRateOf({ learningRate }: TrainingPlan, kind: "network" | "linear"): number {
  return kind === "linear" ? 10 * learningRate : learningRate;
}
