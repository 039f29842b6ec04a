import { type Tensor, tensor } from "../tensor/index.ts";
import { compileBatch, layoutOf } from "./batch-program.ts";
import { Batches } from "./batches.ts";
import type { Column } from "./column.ts";
import { predictedBatch } from "./evaluate.ts";
import { Pace } from "./pace.ts";
import { programsFor, type Trainer } from "./trainer.ts";

/** Options of `predict`. */
export interface PredictOptions {
  /** Samples at a time; default: batches of even size, 256 at most. Changes no result but rounding. */
  batchSize?: number | undefined;
}

/** The network's outputs for all samples, [rows, ...] each. */
export async function predictColumns(
  trainer: Trainer,
  inputs: readonly Column[],
  batchSize: number,
): Promise<Tensor[]> {
  const { network, memory, cache, lane } = trainer;
  const rows = inputs[0]?.rows ?? 0;
  const layout = layoutOf(inputs);
  const batches = new Batches(inputs, rows, Math.min(batchSize, rows));
  const { full, last } = await programsFor(batches, (size) =>
    cache.get("predict", layout, size, undefined, () =>
      compileBatch("predict", network, memory, layout, size, false, predictedBatch(network)),
    ),
  );
  const sizes = network.outputs.map((_, i) => (full.outputs[`output${i}`]?.length ?? 0) / full.size);
  const results = sizes.map((size) => new Float32Array(rows * size));

  async function fill(): Promise<void> {
    const pace = new Pace();
    for (let batch = 0; batch < batches.count; batch++) {
      const program = batch === batches.count - 1 ? last : full;
      batches.fill(program.columns, batch);
      const working = lane.run(program);
      if (working) await working;
      results.forEach((result, i) => {
        result.set(program.outputs[`output${i}`] as Float32Array, batch * batches.size * (sizes[i] as number));
      });
      if (pace.due()) await pace.rest();
    }
  }
  await lane.exclusive(fill);
  return results.map((result, i) => tensor(result, { shape: [rows, ...(network.outputs[i]?.shape ?? [])] }));
}
