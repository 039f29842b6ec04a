import type { Network } from "../nn/index.ts";
import { fail } from "../util/index.ts";
import { strataOf } from "./balance.ts";
import { layoutOf } from "./batch-program.ts";
import { Batches } from "./batches.ts";
import { type CheckedData, cutDataset, type Data, readDataset } from "./dataset.ts";
import { ArrayFeed } from "./feed.ts";
import type { FitSettings } from "./fit-options.ts";
import type { Objective } from "./objective.ts";
import { DEFAULT_BATCH, type FitSources, type TrainingSource } from "./source.ts";
import { checkOrder } from "./states.ts";
import { programsFor } from "./trainer.ts";
import { arrayValidation, validationSource } from "./validation.ts";

/** Arrays in memory, and the last part of them or others for validation. */
export async function arraySources(
  network: Network,
  objective: Objective,
  x: Data,
  y: Data,
  settings: FitSettings,
): Promise<FitSources> {
  const { sampleWeight, classWeight, validationSplit } = settings;
  checkOrder(network, settings.shuffle);
  const all = await readDataset(network, objective.heads, x, y, { sampleWeight, classWeight });
  if (validationSplit === 0) {
    const validation = await validationSource(network, objective.heads, settings);
    return { training: arraySource(network, all, objective, settings), validation };
  }
  const [training, validation] = cutDataset(all, validationSplit);
  return {
    training: arraySource(network, training, objective, settings),
    validation: arrayValidation(network, validation, objective.heads, settings),
  };
}

function arraySource(network: Network, data: CheckedData, objective: Objective, settings: FitSettings): TrainingSource {
  const { rows, inputs, targets, weight } = data;
  const columns = [...inputs, ...targets, ...(weight ? [weight] : [])];
  const batchSize = batchSizeFor(objective, rows, settings.batchSize ?? network.statefulBatch);
  return {
    rows,
    batchSize,
    layout: layoutOf(inputs, targets, weight),
    targetShapes: targets.map(({ rowShape }) => rowShape),
    digest: async () => (await import("./checkpoint/digest.ts")).digestOf(columns),
    async feed(programFor, stepsPerCall) {
      const strata = settings.balanceClasses ? strataOf(targets, objective.heads) : undefined;
      const batches = new Batches(columns, rows, batchSize, strata);
      const programs = await programsFor(batches, programFor);
      const seed = settings.shuffle ? settings.seed : undefined;
      if (stepsPerCall === undefined ? !programs.full.series : stepsPerCall === 1) {
        return { feed: new ArrayFeed(batches, programs, seed), full: programs.full };
      }
      const { SeriesFeed } = await import("./series-feed.ts");
      return { feed: new SeriesFeed(batches, programs, seed, stepsPerCall), full: programs.full };
    },
  };
}

function batchSizeFor({ optimizer }: Objective, rows: number, asked: number | undefined): number {
  if (optimizer.fullBatch && asked !== undefined && asked < rows) {
    fail(
      `fit got batchSize ${asked} for ${optimizer.kind}, which uses all ${rows} samples in every step`,
      "no batchSize",
      'leave batchSize out, or train in batches with the optimizer "sgd"',
    );
  }
  return Math.min(rows, optimizer.fullBatch ? rows : (asked ?? DEFAULT_BATCH));
}
