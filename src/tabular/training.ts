import type { Dataset } from "../data/index.ts";
import { optimizers } from "../optim/index.ts";
import type { Precision } from "../tensor/index.ts";
import { type CheckpointOptions, callbacks, type FitOptions, type History, type Model } from "../train/index.ts";
import { fail } from "../util/index.ts";
import { tableNetwork } from "./network.ts";
import type { PreparedTable, TablePart } from "./prepared.ts";
import { planTraining, type TrainingPlan } from "./rules.ts";

/** What may be changed of a training. */
export interface TrainTableOptions {
  /** Default 0: of weights, order and dropout. */
  readonly seed?: number;
  /** Default: by the rules. */
  readonly epochs?: number;
  /** Let rare classes count as much as frequent ones (rows / (classes x rows of the class)); default false. */
  readonly balance?: boolean;
  /** What layers' products are computed with; default "float32". */
  readonly precision?: Precision | undefined;
  readonly fit?: Pick<FitOptions, "verbose" | "terminal" | "callbacks" | "saveTo">;
  /** Checkpoints of the two trainings, "linear" and "network", by which an interrupted one goes on; default none. */
  readonly checkpoint?: (name: "linear" | "network") => CheckpointOptions;
}

/** A trained model, and the linear one that it was compared with. */
export interface TrainedTable {
  /** The better one on the validation part. */
  readonly model: Model;
  readonly history: History;
  readonly linear: Model;
  /** Which of them `model` is. */
  readonly chosen: "network" | "linear";
  readonly plan: TrainingPlan;
  /** Lowest validation losses. */
  readonly losses: { readonly network: number; readonly linear: number };
  readonly classWeight: Readonly<Record<number, number>> | undefined;
}

/**
 * Trains a network and a linear model on the training part, each until its validation loss no longer falls, and keeps the better one.
 *
 * @param train the part in memory, or as a stream, as `table.samples("train")` gives it.
 */
export async function trainTable(
  table: PreparedTable,
  train: TablePart | Dataset,
  validation: TablePart | Dataset,
  options: TrainTableOptions = {},
): Promise<TrainedTable> {
  const { recipe } = table;
  const { seed = 0, balance = false, precision } = options;
  const planned = planTraining(recipe.target.task, table.trainRows, !isPart(train));
  const plan: TrainingPlan = options.epochs === undefined ? planned : { ...planned, epochs: options.epochs };
  if (balance && (recipe.target.task === "regression" || recipe.target.task === "multi-label")) {
    fail(`trainTable: balance for ${recipe.target.task}`, "two or several classes, of which each row has one");
  }
  const classWeight = balance ? weightsOf(await table.means("train")) : undefined;
  const run = async (hidden: readonly number[], learningRate: number, fit: FitOptions) => {
    const model = tableNetwork(recipe, { hidden, dropout: plan.dropout, seed });
    model.compile({
      optimizer: optimizers.adam({ learningRate }),
      loss: plan.loss,
      metrics: [...plan.metrics],
      precision,
    });
    const settings: FitOptions = {
      epochs: plan.epochs,
      batchSize: plan.batchSize,
      ...(plan.stepsPerEpoch !== undefined && { stepsPerEpoch: plan.stepsPerEpoch }),
      validationData: isPart(validation) ? { x: validation.x, y: validation.targets } : validation,
      seed,
      ...(classWeight && { classWeight }),
      ...fit,
      callbacks: [
        callbacks.earlyStopping({ patience: plan.patience, restoreBestWeights: true }),
        callbacks.reduceLearningRateOnPlateau({ patience: Math.max(1, Math.round(plan.patience / 3)), factor: 0.5 }),
        ...(fit.callbacks ?? []),
      ],
    };
    const history = isPart(train)
      ? await model.fit(train.x, train.targets, settings)
      : await model.fit(train, settings);
    return { model, history, loss: lowest(history) };
  };
  const { checkpoint, fit = { verbose: 0 } } = options;
  const linear = await run([], 10 * plan.learningRate, { verbose: 0, checkpoint: checkpoint?.("linear") });
  if (linear.history.interrupted)
    return { ...linear, linear: linear.model, chosen: "linear", plan, losses: lossesOf(linear.loss), classWeight };
  const network = await run(plan.hidden, plan.learningRate, { ...fit, checkpoint: checkpoint?.("network") });
  const chosen = network.loss <= linear.loss || network.history.interrupted ? "network" : "linear";
  return {
    ...(chosen === "network" ? network : linear),
    linear: linear.model,
    chosen,
    plan,
    losses: lossesOf(linear.loss, network.loss),
    classWeight,
  };
}

function lossesOf(linear: number, network = Number.POSITIVE_INFINITY): TrainedTable["losses"] {
  return { network, linear };
}

function lowest({ history }: History): number {
  const losses = (history["valLoss"] ?? []) as number[];
  return losses.reduce((least, loss) => Math.min(least, loss), Number.POSITIVE_INFINITY);
}

function isPart(samples: TablePart | Dataset): samples is TablePart {
  return "targets" in samples;
}

/** rows / (classes x rows of the class): scikit-learn's "balanced". */
export function classWeights(y: Float32Array, classes: number): Record<number, number> {
  const counts = new Array<number>(classes).fill(0);
  for (const label of y) counts[label] = (counts[label] ?? 0) + 1;
  return weightsOf(counts.map((n) => n / y.length));
}

/** The same by the classes' shares; one share is that of the second of two. */
function weightsOf(shares: readonly number[]): Record<number, number> {
  const all = shares.length === 1 ? [1 - (shares[0] as number), shares[0] as number] : shares;
  return Object.fromEntries(all.map((share, i) => [i, share > 0 ? 1 / (all.length * share) : 1]));
}
