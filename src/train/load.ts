import { Model } from "./model.ts";
import type { LoadSource } from "./save/place.ts";

/**
 * The model that `model.save` wrote, with its compile options and its optimizer as they were, ready to predict or to train
 * on. Custom layers, losses and metrics must be registered before, under the names they were saved with.
 *
 * @param source a folder or file: URL (Node), "indexeddb://NAME" (browsers), the http(s) URL of a folder (in a browser also
 * relative to the page), or what a user picked: the archive that "downloads://NAME" gave, or the files of a folder.
 * @throws DescentError for a model that is missing, damaged, or was not written by Descent.
 * @example
 * await model.save("saved");
 * const again = await loadModel("saved");
 */
export async function loadModel(source: LoadSource): Promise<Model> {
  const [{ sourceAt }, { readModel }] = await Promise.all([import("./save/places.ts"), import("./save/read.ts")]);
  const saved = await readModel(await sourceAt(source), (graph, options) => new Model(graph, options));
  const model = new Model(saved.graph, { name: saved.name });
  const state = saved.fill(model);
  model.facts = saved.facts;
  if (!saved.compile)
    model.uncompiled =
      "compile the loaded model again: it was saved uncompiled, or with a loss, a metric or an optimizer that is a function without a name";
  else {
    model.compile(saved.compile);
    model.resume(state);
  }
  return model;
}
