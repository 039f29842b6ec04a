import { fail, hasNode, show, unknownName } from "../../util/index.ts";
import type { LoadSource, ModelSource, ModelTarget, SaveTarget } from "./place.ts";

const schemes = ["indexeddb", "downloads", "http", "https", "file"];

/** The place that a target names. */
export async function targetAt(target: SaveTarget): Promise<ModelTarget> {
  const { text, scheme, name } = parsePlace("save", target);
  if (scheme === "indexeddb") return (await import("./indexeddb.ts")).databaseTarget(text, name);
  if (scheme === "downloads") return (await import("./downloads.ts")).downloadTarget(text, name);
  if (scheme === "http" || scheme === "https") {
    fail(`save got ${text}`, "a place that can be written", elsewhere);
  }
  if (!hasNode()) fail(`save got the folder "${text}", and a browser has no folders`, undefined, elsewhere);
  return (await import("./folder.ts")).folderTarget(text);
}

const elsewhere =
  'save to "indexeddb://NAME" to keep it in the browser, or to "downloads://NAME" to hand it to the user';

/** The saved model that a source names; whether it is there shows when its files are opened. */
export async function sourceAt(source: LoadSource): Promise<ModelSource> {
  if (isBlobs(source)) return (await import("./picked.ts")).pickedSource(source);
  const { text, scheme, name } = parsePlace("loadModel", source);
  if (scheme === "indexeddb") return (await import("./indexeddb.ts")).databaseSource(text, name);
  if (scheme === "downloads") {
    fail(
      `loadModel got ${text}, and no page may read the downloads`,
      "the file that the user picks: loadModel(input.files)",
    );
  }
  if (scheme === "http" || scheme === "https") return (await import("./url.ts")).urlSource(text);
  if (hasNode()) return (await import("./folder.ts")).folderSource(text);
  return (await import("./url.ts")).urlSource(text);
}

function isBlobs(source: LoadSource): source is Blob | ArrayLike<Blob> {
  return typeof source === "object" && source !== null && !(source instanceof URL);
}

/** "indexeddb://digits" as scheme and name; without a scheme a path. */
function parsePlace(what: string, place: string | URL): { text: string; scheme: string | undefined; name: string } {
  if (!(place instanceof URL) && (typeof place !== "string" || place === "")) {
    fail(`${what} got ${show(place)}`, 'a folder, "indexeddb://NAME", a URL or files');
  }
  const text = String(place);
  const [, scheme, name = ""] = /^([a-z][a-z0-9+.-]+):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme === undefined) return { text, scheme, name };
  if (!schemes.includes(scheme.toLowerCase()))
    unknownName(
      "place for models:",
      `${scheme}://`,
      schemes.map((each) => `${each}://`),
    );
  if (name === "") fail(`${what} got ${text}`, `a name after ${scheme}://`);
  return { text, scheme: scheme.toLowerCase(), name };
}
