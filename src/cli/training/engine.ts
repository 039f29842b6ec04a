import { type EngineName, resolveEngine } from "../../tensor/index.ts";
import { EXIT, part } from "../exit.ts";

/**
 * Opens the engine before anything runs on it, so that what is wrong with this machine (DESCENT_ENGINE, DESCENT_THREADS, the
 * cache folder) is not taken for a fault of the config or the data.
 */
export async function openEngine(name?: EngineName): Promise<void> {
  await part(EXIT.usage, () => resolveEngine(name));
}
