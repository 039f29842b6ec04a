import type { Dataset } from "../../data/index.ts";
import type { Network } from "../../nn/index.ts";
import { fail } from "../../util/index.ts";
import { layoutOf } from "../batch-program.ts";
import { digestOf } from "../checkpoint/digest.ts";
import type { FitSettings } from "../fit-options.ts";
import type { Objective } from "../objective.ts";
import { DEFAULT_BATCH, type FitSources } from "../source.ts";
import { validationSource } from "../validation.ts";
import { StreamFeed } from "./feed.ts";
import { ProgramsBySize } from "./programs.ts";
import { alike, batched, columnsOf, ending, firstOf, readBatch } from "./samples.ts";

/** A dataset to train on: its first batch tells what samples are. */
export async function streamSources(
  network: Network,
  objective: Objective,
  given: Dataset,
  settings: FitSettings,
): Promise<FitSources> {
  refuseOptions(objective, settings);
  const { heads } = objective;
  const { stepsPerEpoch: steps, epochs } = settings;
  if (steps === undefined) ending(given, "fit", "stepsPerEpoch, or dataset.take(100_000) for the samples of an epoch");
  const dataset = batched(given, settings.batchSize, DEFAULT_BATCH, "fit");
  const first = await firstOf(dataset);
  const read = (batch: Parameters<typeof readBatch>[0], name: string) =>
    readBatch(batch, network, heads, name, settings.classWeight);
  const sample = await read(first, "batch 1");
  const layout = layoutOf(sample.inputs, sample.targets, sample.weight);
  const size = Math.max(
    sample.rows,
    dataset.length === undefined || dataset.length > sample.rows ? sizeOf(dataset) : 1,
  );
  return {
    training: {
      get rows() {
        return steps === undefined ? dataset.length : undefined;
      },
      batchSize: size,
      layout,
      targetShapes: sample.targets.map(({ rowShape }) => rowShape),
      digest: async () => {
        const words = steps === undefined ? "" : `, ${steps} steps an epoch`;
        return `${digestOf(columnsOf(sample))} ${dataset.flow.description}${words}`;
      },
      async feed(programFor, stepsPerCall) {
        const programs = new ProgramsBySize(programFor);
        const full = await programs.of(size);
        // The program of a smaller last batch is compiled while the first ones are learned from.
        const rest = steps === undefined && dataset.length !== undefined ? dataset.length % size : 0;
        if (rest > 0) programs.of(rest);
        const checked = async (...given: Parameters<typeof read>) => alike(await read(...given), sample, given[1]);
        // Texts are lists, which no engine reads.
        const inBlocks = full.series && Object.values(first).every((column) => "data" in column);
        const parts = { dataset, size, steps, epochs, read: checked, programs };
        return { feed: new StreamFeed({ ...parts, stepsPerCall: inBlocks ? stepsPerCall : null }), full };
      },
    },
    validation: await validationSource(network, heads, settings),
  };
}

const sizeOf = (dataset: Dataset) => dataset.flow.batchSize ?? 1;

function refuseOptions({ optimizer }: Objective, settings: FitSettings): void {
  if (optimizer.fullBatch) {
    fail(
      `fit got a dataset for ${optimizer.kind}, which uses all samples in every step`,
      "arrays, or another optimizer",
    );
  }
  if (settings.validationSplit > 0) {
    fail(
      "fit got validationSplit and a dataset",
      "validationData",
      "dataset.take(n) and dataset.skip(n) are its parts",
    );
  }
  if (settings.sampleWeight !== undefined) {
    fail("fit got sampleWeight and a dataset", 'the weights as the dataset\'s column "sampleWeight"');
  }
  if (settings.balanceClasses) fail("fit got balanceClasses and a dataset", "arrays, or classWeight");
}
