import { resolveAugment } from "../../nn/index.ts";
import { optimizers } from "../../optim/index.ts";
import { classWeights, planTraining } from "../../tabular/index.ts";
import type { Precision } from "../../tensor/index.ts";
import { type CheckpointOptions, callbacks, type FitOptions, type History, type Model } from "../../train/index.ts";
import { type LayerConfig, stackOf } from "./layers.ts";
import type { ReadImages } from "./read.ts";
import { type ImagePlan, linearLayers, networkLayers } from "./rules.ts";
import type { ImageParts } from "./split.ts";
import { momentsOf, targetsAt } from "./target.ts";

/** A model that was trained, and the linear one that it was compared with. */
export interface TrainedImages {
  /** The better one on the validation part. */
  readonly model: Model;
  readonly history: History;
  readonly linear: Model;
  readonly chosen: "network" | "linear";
  /** Lowest validation losses. */
  readonly losses: { readonly network: number; readonly linear: number };
  readonly classWeight: Readonly<Record<number, number>> | undefined;
}

export interface TrainImagesOptions {
  readonly seed: number;
  readonly balance: boolean;
  readonly precision?: Precision | undefined;
  readonly fit: Pick<FitOptions, "verbose" | "callbacks" | "saveTo">;
  /** Checkpoints of the training of that name. */
  readonly checkpoint: (name: string) => CheckpointOptions;
}

/** The linear model learns for so many epochs at most. */
export const LINEAR_EPOCHS = 20;
export const LINEAR_PATIENCE = 3;

/** Trains the network and a linear model, each until its validation loss no longer falls; the better one stays. Undefined: interrupted. */
export async function trainImages(
  images: ReadImages,
  parts: ImageParts,
  plan: ImagePlan,
  options: TrainImagesOptions,
): Promise<TrainedImages | undefined> {
  const { seed, precision } = options;
  const { task, classes } = images.target;
  const output = { ...images.target, ...momentsOf(images.target, parts.train) };
  const { loss, metrics } = planTraining(task, parts.train.length);
  const [train, validation] = [images.dataset.select(parts.train), images.dataset.select(parts.validation)];
  const labels = targetsAt(images.target, parts.train);
  const classWeight = options.balance ? classWeights(labels, classes.length) : undefined;
  const run = async (layers: LayerConfig[], epochs: number, patience: number, more: FitOptions) => {
    const model = stackOf(layers, seed).compile({
      optimizer: optimizers.adam({ learningRate: plan.learningRate }),
      loss,
      metrics: [...metrics],
      precision,
    });
    const history = await model.fit(train.shuffle({ seed }).batch(plan.batchSize), {
      epochs,
      validationData: validation.batch(256),
      seed,
      ...(classWeight && { classWeight }),
      ...more,
      callbacks: [
        callbacks.earlyStopping({ patience, restoreBestWeights: true }),
        callbacks.reduceLearningRateOnPlateau({ patience: Math.max(1, Math.round(patience / 3)), factor: 0.5 }),
        ...(more.callbacks ?? []),
      ],
    });
    return { model, history, loss: lowest(history) };
  };
  const epochs = Math.min(plan.epochs, LINEAR_EPOCHS);
  const quiet = { verbose: 0 as const, checkpoint: options.checkpoint("linear") };
  const linear = await run(linearLayers(plan, output), epochs, LINEAR_PATIENCE, quiet);
  if (linear.history.interrupted) return undefined;
  const network = await run(networkLayers(plan, output), plan.epochs, plan.patience, {
    ...options.fit,
    ...(plan.augment.length > 0 && { augment: resolveAugment(plan.augment) }),
    checkpoint: options.checkpoint("network"),
  });
  if (network.history.interrupted) return undefined;
  const chosen = network.loss <= linear.loss ? "network" : "linear";
  return {
    ...(chosen === "network" ? network : linear),
    linear: linear.model,
    chosen,
    losses: { network: network.loss, linear: linear.loss },
    classWeight,
  };
}

function lowest({ history }: History): number {
  const losses = (history["valLoss"] ?? []) as number[];
  return losses.reduce((least, loss) => Math.min(least, loss), Number.POSITIVE_INFINITY);
}
