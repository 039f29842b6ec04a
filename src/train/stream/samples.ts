import type { Batch, BatchColumn, Dataset } from "../../data/index.ts";
import type { Network } from "../../nn/index.ts";
import { fail } from "../../util/index.ts";
import type { ArrayData } from "../column.ts";
import { type CheckedData, type Data, readDataset, readInputs } from "../dataset.ts";
import type { Head } from "../objective.ts";
import type { ClassWeight } from "../weighting.ts";

/**
 * The columns of a batch that a network reads: "x", or each input by its name; "y", or each output by its name; "sampleWeight". Columns of other
 * names are left alone.
 */
export function inputsIn(batch: Batch, network: Network): Data {
  return asData(columnsFor(batch, network.inputNames, "x", "input"));
}

/** Reads and checks a batch as `fit` does arrays. */
export async function readBatch(
  batch: Batch,
  network: Network,
  heads: readonly Head[],
  name: string,
  classWeight?: ClassWeight | undefined,
): Promise<CheckedData> {
  const names = heads.map((head) => head.name);
  const y = asData(columnsFor(batch, names, "y", "output"));
  const sampleWeight = Object.hasOwn(batch, "sampleWeight") ? (batch["sampleWeight"] as ArrayData) : undefined;
  return readDataset(network, heads, inputsIn(batch, network), y, { sampleWeight, classWeight }, `${name}: `);
}

/** Reads and checks the inputs of a batch alone. */
export async function readBatchInputs(batch: Batch, network: Network, name: string): Promise<CheckedData> {
  const inputs = await readInputs(network, inputsIn(batch, network), `${name}: x`);
  return { rows: inputs[0]?.rows ?? 0, inputs, targets: [], weight: undefined };
}

function columnsFor(batch: Batch, names: readonly string[], short: string, what: string): BatchColumn[] {
  return names.map((name) => {
    if (Object.hasOwn(batch, name)) return batch[name] as BatchColumn;
    if (names.length === 1 && Object.hasOwn(batch, short)) return batch[short] as BatchColumn;
    const wanted = names.length === 1 ? `"${short}" or "${name}"` : names.map((each) => `"${each}"`).join(", ");
    return fail(
      `the dataset has the columns ${Object.keys(batch).join(", ")}, and none for the ${what} ${name}`,
      wanted,
      `dataset.columns({ ${names.length === 1 ? short : name}: ... })`,
    );
  });
}

function asData(columns: readonly BatchColumn[]): Data {
  return (columns.length === 1 ? columns[0] : columns) as Data;
}

/** The dataset in batches: as it says itself, or of `asked` samples, or of `usual`. */
export function batched(dataset: Dataset, asked: number | undefined, usual: number, where: string): Dataset {
  const own = dataset.flow.batchSize;
  if (own === undefined) return dataset.batch(asked ?? usual);
  if (asked !== undefined && asked !== own) {
    fail(`${where} got batchSize ${asked} and a dataset in batches of ${own}`, "one of them");
  }
  return dataset;
}

/** Refuses a dataset without an end where everything of it is asked for. */
export function ending(dataset: Dataset, where: string, fix = "dataset.take(10_000)"): Dataset {
  if (dataset.length !== Number.POSITIVE_INFINITY) return dataset;
  return fail(`${where} got a dataset without an end`, "one that ends", fix);
}

/** Everything that goes into a program. */
export const columnsOf = ({ inputs, targets, weight }: CheckedData) => [
  ...inputs,
  ...targets,
  ...(weight ? [weight] : []),
];

/** The first batch of a dataset. */
export async function firstOf(dataset: Dataset) {
  const reading = dataset.read();
  try {
    return (await reading.next()) ?? fail("the dataset is empty", "at least one sample");
  } finally {
    await reading.close();
  }
}

/** Refuses a batch whose samples are not what the programs were compiled for. */
export function alike(data: CheckedData, first: CheckedData, name: string): CheckedData {
  const kinds = [data, first].map((each) =>
    JSON.stringify(columnsOf(each).map(({ dtype, rowShape }) => [dtype, rowShape])),
  );
  if (kinds[0] !== kinds[1]) {
    fail(`${name} has samples of other shapes or dtypes (${kinds[0]}) than the first one`, kinds[1] as string);
  }
  return data;
}
