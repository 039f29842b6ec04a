import type { Dataset } from "../data/index.ts";
import { optimizers } from "../optim/index.ts";
import type { Precision } from "../tensor/index.ts";
import {
  type CheckpointOptions,
  callbacks,
  type FitOptions,
  type History,
  type Model,
  onInterrupt,
} from "../train/index.ts";
import { fail, show } from "../util/index.ts";
import type { Fold } from "./folds.ts";
import { meanOfNetworks, tableNetwork } from "./network.ts";
import type { TablePart } from "./part.ts";
import type { PreparedTable } from "./prepared.ts";
import { learningRateOf, planTraining, type TrainingPlan } from "./rules.ts";

/** What a network's `fit` is told besides. */
export type TableFitOptions = Pick<FitOptions, "verbose" | "terminal" | "callbacks" | "saveTo">;

/** What may be changed of a training. */
export interface TrainTableOptions {
  /** Default 0: of weights, order and dropout. */
  readonly seed?: number;
  /** Default: by the rules. */
  readonly epochs?: number;
  /** How many are trained, from 1 to 100, each watched by other rows; default: by the rules ({@link PreparedTable.networks}). */
  readonly networks?: number | undefined;
  /** Let rare classes count as much as frequent ones (rows / (classes x rows of the class)); default false. */
  readonly balance?: boolean;
  /** What layers' products are computed with; default "float32". */
  readonly precision?: Precision | undefined;
  /** Of every network, or of each by its number from 1 on; default { verbose: 0 }. */
  readonly fit?: TableFitOptions | ((network: number) => TableFitOptions);
  /**
   * Checkpoints of the trainings, by which an interrupted one goes on: "linear" and "network"; of several networks "linear-1", "network-1" and so on.
   * Default none.
   */
  readonly checkpoint?: (name: string) => CheckpointOptions;
}

/** A trained model, and the linear one that it was compared with. */
export interface TrainedTable {
  /** The better one on the rows that watched: several networks as one, by the mean of their outputs. */
  readonly model: Model;
  /** Of the first of the model's networks; of the one that was interrupted. */
  readonly history: History;
  /** Of all of them. */
  readonly histories: readonly History[];
  readonly linear: Model;
  /** Which of them `model` is. */
  readonly chosen: "network" | "linear";
  readonly plan: TrainingPlan;
  /** Lowest validation losses; of several networks their mean. */
  readonly losses: { readonly network: number; readonly linear: number };
  readonly classWeight: Readonly<Record<number, number>> | undefined;
}

/** Networks at most. */
const MOST = 100;

/** Between the seeds of two networks of one model, so that runs whose seeds follow each other share none. */
export const SEED_STEP = 1000;

/** Models of one kind, trained one after the other. */
interface Trained {
  readonly model: Model;
  readonly histories: readonly History[];
  readonly loss: number;
}

/**
 * Trains networks and linear models, each until the loss on the rows that watch it ({@link PreparedTable.folds}) no longer falls, and keeps the
 * better kind: the mean of its networks, as one model.
 *
 * @param train the part in memory, or as a stream, as `table.samples("train")` gives it.
 * @throws DescentError for `networks` that are no whole number from 1 to 100, and for `balance` without classes.
 */
export async function trainTable(
  table: PreparedTable,
  train: TablePart | Dataset,
  validation: TablePart | Dataset,
  options: TrainTableOptions = {},
): Promise<TrainedTable> {
  const { recipe } = table;
  const { seed = 0, balance = false, precision, networks = table.networks } = options;
  if (!(Number.isInteger(networks) && networks >= 1 && networks <= MOST))
    fail(`trainTable: networks is ${show(networks)}`, `a whole number from 1 to ${MOST}`);
  const planned = planTraining(recipe.target.task, table.trainRows, !isPart(train), networks);
  const plan: TrainingPlan = options.epochs === undefined ? planned : { ...planned, epochs: options.epochs };
  if (balance && (recipe.target.task === "regression" || recipe.target.task === "multi-label")) {
    fail(`trainTable: balance for ${recipe.target.task}`, "two or several classes, of which each row has one");
  }
  const classWeight = balance ? weightsOf(await table.means("train")) : undefined;
  const compiled = (model: Model, learningRate: number) =>
    model.compile({
      optimizer: optimizers.adam({ learningRate }),
      loss: plan.loss,
      metrics: [...plan.metrics],
      precision,
    });
  const run = async (model: Model, { train, validation }: Fold<TablePart | Dataset>, fit: FitOptions) => {
    const settings: FitOptions = {
      epochs: plan.epochs,
      batchSize: plan.batchSize,
      ...(plan.stepsPerEpoch !== undefined && { stepsPerEpoch: plan.stepsPerEpoch }),
      validationData: isPart(validation) ? { x: validation.x, y: validation.targets } : validation,
      ...(classWeight && { classWeight }),
      ...fit,
      callbacks: [
        callbacks.earlyStopping({ patience: plan.patience, restoreBestWeights: true }),
        callbacks.reduceLearningRateOnPlateau({ patience: Math.max(1, Math.round(plan.patience / 3)), factor: 0.5 }),
        ...(fit.callbacks ?? []),
      ],
    };
    return isPart(train) ? model.fit(train.x, train.targets, settings) : model.fit(train, settings);
  };
  const runAll = async (kind: TrainedTable["chosen"], fitOf: (network: number) => FitOptions): Promise<Trained> => {
    const hidden = kind === "linear" ? [] : plan.hidden;
    const learningRate = learningRateOf(plan, kind);
    const members: Model[] = [];
    const histories: History[] = [];
    for (const fold of table.folds(train, validation, networks)) {
      const network = members.length + 1;
      const own = { seed: seed + SEED_STEP * (network - 1), ...(networks > 1 && { name: `network_${network}` }) };
      const model = compiled(tableNetwork(recipe, { hidden, dropout: plan.dropout, ...own }), learningRate);
      const checkpoint = options.checkpoint?.(networks > 1 ? `${kind}-${network}` : kind);
      const history = await run(model, fold, { ...fitOf(network), seed: own.seed, checkpoint });
      members.push(model);
      // Ctrl-C may also come between two trainings.
      histories.push(isInterrupted ? { ...history, interrupted: true, reason: "interrupted" } : history);
      if (isInterrupted) break;
    }
    const [first] = members as [Model];
    const model = members.length > 1 ? compiled(meanOfNetworks(members), learningRate) : first;
    return { model, histories, loss: meanOf(histories.map(lowest)) };
  };
  const { fit = { verbose: 0 } } = options;
  let isInterrupted = false;
  const remove = onInterrupt(() => {
    isInterrupted = true;
  });
  try {
    return await trainBoth();
  } finally {
    remove();
  }

  async function trainBoth(): Promise<TrainedTable> {
    const linear = await runAll("linear", () => ({ verbose: 0 }));
    const common = { linear: linear.model, plan, classWeight };
    const stopped = linear.histories.find(({ interrupted }) => interrupted);
    if (stopped) return { ...linear, ...common, history: stopped, chosen: "linear", losses: lossesOf(linear.loss) };
    const network = await runAll("network", typeof fit === "function" ? fit : () => fit);
    const interrupted = network.histories.find(({ interrupted }) => interrupted);
    const chosen = network.loss <= linear.loss || interrupted ? "network" : "linear";
    const { model, histories } = chosen === "network" ? network : linear;
    const history = interrupted ?? (histories[0] as History);
    return { model, histories, history, ...common, chosen, losses: lossesOf(linear.loss, network.loss) };
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
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
