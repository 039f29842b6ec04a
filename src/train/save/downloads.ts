import { fail } from "../../util/index.ts";
import type { ModelTarget } from "./place.ts";
import { zipBlob } from "./zip.ts";

/** Milliseconds after which the browser has certainly begun to copy the blob. */
const beforeRevoking = 60_000;

/**
 * A file for the user, in the browser's folder of downloads: NAME.zip, which unpacks to a model folder. One file, since a
 * browser asks before a page downloads several, and half a model is none.
 */
export function downloadTarget(place: string, name: string): ModelTarget {
  return {
    async write(files) {
      const { document } = globalThis;
      if (!document) fail(`the model could not be saved to ${place}: only a page can download`, "a browser's page");
      const link = document.createElement("a");
      link.href = URL.createObjectURL(zipBlob(name, files));
      link.download = `${name}.zip`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), beforeRevoking);
    },
  };
}
