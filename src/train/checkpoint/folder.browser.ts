import { fail } from "../../util/index.ts";

// Stands for folder.ts in bundles for browsers ("browser" in package.json).

export class CheckpointFolder {
  constructor(folder: string) {
    fail(`fit got checkpoint: "${folder}"`, "no checkpoints in a browser", 'save with model.save("indexeddb://NAME")');
  }
}
