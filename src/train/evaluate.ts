import type { Network } from "../nn/index.ts";
import { type BatchBody, compileBatch, layoutOf } from "./batch-program.ts";
import { Batches } from "./batches.ts";
import type { CheckedData } from "./dataset.ts";
import { inference } from "./flat.ts";
import type { Head } from "./objective.ts";
import { Pace } from "./pace.ts";
import { Scorer } from "./scorer.ts";
import { carriedState } from "./states.ts";
import { programsFor, type Trainer } from "./trainer.ts";
import type { Logs } from "./values.ts";

/** Samples per batch of `evaluate` and `predict` at most, unless told otherwise. Larger batches are hardly faster. */
const LARGEST_BATCH = 256;

/** Batches of even size for `rows` samples, if layers do not say: with no smaller one at the end there is one program less to compile. */
export function evaluationBatch(rows: number, network: Network): number {
  if (network.statefulBatch !== undefined) return network.statefulBatch;
  return Math.ceil(rows / Math.ceil(rows / LARGEST_BATCH));
}

/** A way to measure a data set again and again, everything for it compiled. */
export interface Evaluation {
  /** Loss and metrics over all samples, exact however they are cut into batches; `stopped` ends it early. */
  measure(stopped?: () => boolean): Promise<Logs>;
  readonly names: readonly string[];
}

/** What measuring computes of a batch. */
export function evaluatedBatch(network: Network, scorer: Scorer): BatchBody {
  return (batch) => {
    const answer = inference(network, batch);
    const { outputs } = scorer.measure(batch.targets, answer, batch.weights);
    return { outputs, state: carriedState(network, answer) };
  };
}

/** What predicting computes of a batch. */
export function predictedBatch(network: Network): BatchBody {
  return (batch) => {
    const answer = inference(network, batch);
    const outputs = answer.outputs.map((output, i) => [`output${i}`, output.cast("float32")] as const);
    return { outputs: Object.fromEntries(outputs), state: carriedState(network, answer) };
  };
}

/** Compiles what measuring a data set needs. */
export async function prepareEvaluation(
  trainer: Trainer,
  heads: readonly Head[],
  data: CheckedData,
  batchSize: number,
): Promise<Evaluation> {
  const { network, memory, cache, lane } = trainer;
  const columns = [...data.inputs, ...data.targets, ...(data.weight ? [data.weight] : [])];
  const layout = layoutOf(data.inputs, data.targets, data.weight);
  const batches = new Batches(columns, data.rows, Math.min(batchSize, data.rows));
  const scorer = new Scorer(
    heads,
    data.targets.map(({ rowShape }) => rowShape),
    network.lossTerms,
  );
  const { full, last } = await programsFor(batches, (size) =>
    cache.get("evaluate", layout, size, undefined, () =>
      compileBatch("evaluate", network, memory, layout, size, false, evaluatedBatch(network, scorer)),
    ),
  );

  async function measure(stopped: () => boolean = () => false): Promise<Logs> {
    const pace = new Pace();
    const totals = scorer.totals();
    for (let batch = 0; batch < batches.count && !stopped(); batch++) {
      const program = batch === batches.count - 1 ? last : full;
      batches.fill(program.columns, batch);
      const working = lane.run(program);
      if (working) await working;
      totals.add(scorer.arraysOf(program.outputs));
      if (pace.due()) await pace.rest();
    }
    return totals.logs();
  }
  return { names: scorer.names, measure: (stopped) => lane.exclusive(() => measure(stopped)) };
}
