import { fail } from "../../util/index.ts";

// Stands for node.ts in bundles for browsers ("browser" in package.json).

export function diskStore(folder: string): never {
  return fail(`cache got the folder "${folder}"`, "no folder in a browser", "cache() keeps the samples in memory");
}

export class WorkerMap {
  constructor() {
    fail("mapBatches got threads", "none in a browser", "give mapBatches the function itself");
  }
}
