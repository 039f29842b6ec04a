import type { Network } from "../nn/index.ts";
import { type CheckedData, readDataset } from "./dataset.ts";
import { evaluationBatch, prepareEvaluation } from "./evaluate.ts";
import { type FitSettings, isDataset, validationFrom } from "./fit-options.ts";
import type { Head } from "./objective.ts";
import type { ValidationSource } from "./source.ts";

/** What `validationData` names. */
export async function validationSource(
  network: Network,
  heads: readonly Head[],
  settings: FitSettings,
): Promise<ValidationSource | undefined> {
  const { validationData, validationBatchSize } = settings;
  if (!validationData) return undefined;
  const given = validationFrom(validationData);
  if (isDataset(given)) {
    const { streamValidation } = await import("./stream/measure.ts");
    return streamValidation(network, heads, given, validationBatchSize);
  }
  const weighting = { sampleWeight: given.sampleWeight };
  return arrayValidation(
    network,
    await readDataset(network, heads, given.x, given.y, weighting, "validation "),
    heads,
    settings,
  );
}

/** Arrays to measure after every epoch. */
export function arrayValidation(
  network: Network,
  data: CheckedData,
  heads: readonly Head[],
  settings: FitSettings,
): ValidationSource {
  const { rows } = data;
  const size = settings.validationBatchSize ?? evaluationBatch(rows, network);
  return { rows, evaluation: (trainer) => prepareEvaluation(trainer, heads, data, size) };
}
