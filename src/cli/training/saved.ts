import { stat } from "node:fs/promises";
import { type Scaler, scalerFromJSON } from "../../data/index.ts";
import { loadModel, type Model } from "../../train/index.ts";
import type { Columns } from "../data/samples.ts";
import { EXIT, part, refuse } from "../exit.ts";
import { openEngine } from "./engine.ts";

/** A saved model with what `descent train` saved beside it. */
export interface SavedModel {
  model: Model;
  scalers: Scaler[];
  columns: Columns | undefined;
  labels: readonly string[] | undefined;
  /** What `toJSON` of a language model's tokenizer gave. */
  tokenizer: unknown;
}

/** Loads a model folder; a run's folder stands for the model in it. */
export function openModel(folder: string): Promise<SavedModel> {
  return part(EXIT.data, async () => {
    const found = await stat(folder).catch(() => undefined);
    if (!found) refuse(EXIT.data, `there is no folder ${folder}`, "a folder that descent train or model.save wrote");
    if (!found.isDirectory())
      refuse(EXIT.data, `${folder} is a file`, "a folder that descent train or model.save wrote");
    await openEngine();
    const inside = await stat(`${folder}/model/model.json`).catch(() => undefined);
    const model = await loadModel(inside ? `${folder}/model` : folder);
    const { preprocessing, labels } = model.facts;
    const facts = (preprocessing ?? {}) as {
      scalers?: unknown;
      columns?: unknown;
      tokenizer?: unknown;
      kind?: unknown;
    };
    const { scalers, columns } = facts;
    return {
      model,
      scalers: Array.isArray(scalers) ? scalers.map(scalerFromJSON) : [],
      columns: isColumns(columns) ? columns : undefined,
      labels: labels ?? undefined,
      tokenizer: facts.tokenizer ?? (typeof facts.kind === "string" ? facts : undefined),
    };
  });
}

function isColumns(value: unknown): value is Columns {
  const { features, target } = (value ?? {}) as Partial<Columns>;
  return Array.isArray(features) && Array.isArray(target);
}
