import { fail } from "../../util/index.ts";
import type { ModelSource, ModelTarget } from "./place.ts";

// Stands for folder.ts in bundles for browsers ("browser" in package.json).

export function folderTarget(place: string): ModelTarget {
  fail(
    `save got the folder ${place}`,
    '"indexeddb://NAME" or "downloads://NAME"',
    "folders need Descent's build for Node",
  );
}

export function folderSource(place: string): ModelSource {
  fail(`loadModel got the folder ${place}`, "a URL or files", "folders need Descent's build for Node");
}
