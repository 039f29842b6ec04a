import type { Dataset } from "../../data/index.ts";
import type { Network } from "../../nn/index.ts";
import { type Tensor, tensor } from "../../tensor/index.ts";
import { type BatchProgram, compileBatch, layoutOf } from "../batch-program.ts";
import type { CheckedData } from "../dataset.ts";
import { type Evaluation, evaluatedBatch, predictedBatch } from "../evaluate.ts";
import type { Head } from "../objective.ts";
import { Pace } from "../pace.ts";
import { Scorer } from "../scorer.ts";
import type { ValidationSource } from "../source.ts";
import type { Trainer } from "../trainer.ts";
import { StreamFeed } from "./feed.ts";
import { ProgramsBySize } from "./programs.ts";
import { alike, batched, ending, firstOf, readBatch, readBatchInputs } from "./samples.ts";

/** Samples of a batch where nothing is said. */
const MEASURED = 256;

/** A dataset to measure after every epoch. */
export function streamValidation(
  network: Network,
  heads: readonly Head[],
  given: Dataset,
  batchSize: number | undefined,
): ValidationSource {
  return {
    get rows() {
      return given.length ?? 0;
    },
    evaluation: (trainer) => streamEvaluation(trainer, network, heads, given, batchSize, "validation "),
  };
}

/** Loss and metrics of a dataset: its first pass, each time the same. */
export async function streamEvaluation(
  trainer: Trainer,
  network: Network,
  heads: readonly Head[],
  given: Dataset,
  batchSize: number | undefined,
  prefix = "",
): Promise<Evaluation> {
  const where = prefix === "" ? "evaluate" : "validation";
  const dataset = batched(ending(given, where), batchSize, MEASURED, where);
  const read = (batch: Parameters<typeof readBatch>[0], name: string) =>
    readBatch(batch, network, heads, `${prefix}${name}`);
  const first = await read(await firstOf(dataset), "batch 1");
  const scorer = new Scorer(
    heads,
    first.targets.map(({ rowShape }) => rowShape),
    network.lossTerms,
  );
  const body = evaluatedBatch(network, scorer);
  const measure = (stopped: () => boolean = () => false) => {
    const totals = scorer.totals();
    return eachBatch({ trainer, dataset, first, purpose: "evaluate", body, read }, (program) => {
      totals.add(scorer.arraysOf(program.outputs));
      return !stopped();
    }).then(() => totals.logs());
  };
  return { names: scorer.names, measure: (stopped) => trainer.lane.exclusive(() => measure(stopped)) };
}

/** The network's outputs for all samples of a dataset, [samples, ...] each. */
export async function streamPrediction(
  trainer: Trainer,
  network: Network,
  given: Dataset,
  batchSize: number | undefined,
): Promise<Tensor[]> {
  const dataset = batched(ending(given, "predict"), batchSize, MEASURED, "predict");
  const read = (batch: Parameters<typeof readBatch>[0], name: string) => readBatchInputs(batch, network, name);
  const first = await read(await firstOf(dataset), "batch 1");
  const parts: Float32Array[][] = network.outputs.map(() => []);
  let rows = 0;
  const body = predictedBatch(network);
  await trainer.lane.exclusive(() =>
    eachBatch({ trainer, dataset, first, purpose: "predict", body, read }, (program) => {
      parts.forEach((list, i) => {
        list.push((program.outputs[`output${i}`] as Float32Array).slice());
      });
      rows += program.size;
      return true;
    }),
  );
  return parts.map((list, i) => {
    const all = new Float32Array(list.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of list) {
      all.set(part, at);
      at += part.length;
    }
    return tensor(all, { shape: [rows, ...(network.outputs[i]?.shape ?? [])] });
  });
}

interface Pass {
  readonly trainer: Trainer;
  readonly dataset: Dataset;
  readonly first: CheckedData;
  readonly purpose: string;
  readonly body: Parameters<typeof compileBatch>[6];
  readonly read: (batch: Parameters<typeof readBatch>[0], name: string) => Promise<CheckedData>;
}

/** Runs a program over every batch of a dataset, until `done` is false. */
async function eachBatch(
  { trainer, dataset, first, purpose, body, read }: Pass,
  more: (program: BatchProgram) => boolean,
): Promise<void> {
  const { network, memory, cache, lane } = trainer;
  const layout = layoutOf(first.inputs, first.targets, first.weight);
  const feed = new StreamFeed({
    dataset,
    size: dataset.flow.batchSize ?? first.rows,
    epochs: 1,
    stepsPerCall: null,
    read: async (batch, name) => alike(await read(batch, name), first, name),
    programs: new ProgramsBySize((size) =>
      cache.get(purpose, layout, size, undefined, () =>
        compileBatch(purpose, network, memory, layout, size, false, body),
      ),
    ),
  });
  const pace = new Pace();
  try {
    await feed.begin(0, 0, null, pace);
    for (;;) {
      const series = await feed.next(1);
      if (!series) return;
      const { program } = series;
      const working = lane.run(program);
      if (working) await working;
      if (!more(program)) return;
      if (pace.due()) await pace.rest();
    }
  } finally {
    await feed.close();
  }
}
