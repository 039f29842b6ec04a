import { Model } from "./model.ts";

/**
 * The model that `model.save(folder)` wrote, with its compile options and its optimizer as they were, ready to predict or
 * to train on. Custom layers, losses and metrics must be registered before, under the names they were saved with.
 *
 * @throws DescentError for a folder that is missing, damaged, or was not written by Descent.
 * @example
 * await model.save("saved");
 * const again = await loadModel("saved");
 */
export async function loadModel(folder: string): Promise<Model> {
  const { readModel } = await import("./save/read.ts");
  const saved = await readModel(folder);
  const model = new Model(saved.graph, { name: saved.name });
  const state = saved.fill(model);
  model.facts = saved.facts;
  if (saved.compile) {
    model.compile(saved.compile);
    model.resume(state);
  }
  return model;
}
