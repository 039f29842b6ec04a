import { fail, show } from "../../util/index.ts";
import { blobSource } from "./blobs.ts";
import type { ModelSource } from "./place.ts";
import { unzip } from "./zip.ts";

/**
 * The model in what a user picked: one archive, or the files of a model folder, among which others may be.
 *
 * @throws DescentError for values that are no files, and for files of several models.
 */
export async function pickedSource(picked: Blob | ArrayLike<Blob>): Promise<ModelSource> {
  const blobs = picked instanceof Blob ? [picked] : Array.from(picked);
  const stranger = blobs.find((blob) => !(blob instanceof Blob));
  if (stranger || blobs.length === 0) {
    fail(`loadModel got ${stranger ? show(stranger) : "no files"}`, "a folder, a URL, or files that the user picked");
  }
  const [first] = blobs as [Blob];
  if (blobs.length === 1 && (await isArchive(first))) {
    const name = nameOf(first) ?? "the archive";
    return blobSource(name, byName(name, [...(await unzip(first, name))]));
  }
  const named = blobs.map((blob): [string, Blob] => [
    nameOf(blob) ?? fail("loadModel got several blobs without names", "File objects, or one archive"),
    blob,
  ]);
  return blobSource("the files picked", byName("the files picked", named));
}

async function isArchive(blob: Blob): Promise<boolean> {
  if (nameOf(blob)?.endsWith(".zip")) return true;
  const [p, k] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  return p === 0x50 && k === 0x4b;
}

function nameOf(blob: Blob): string | undefined {
  return (blob as Partial<File>).name;
}

/** Files by their name without folders. */
function byName(place: string, files: readonly (readonly [string, Blob])[]): Map<string, Blob> {
  const found = new Map<string, Blob>();
  for (const [path, blob] of files) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (found.has(name)) fail(`${place}: there are two files named ${name}`, "the files of one model");
    found.set(name, blob);
  }
  return found;
}
