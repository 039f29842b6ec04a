import { hasNode } from "../util/index.ts";

/**
 * Calls `onInterrupt` at the first Ctrl-C; a second one does what it did before (by default: quits at once).
 * Does nothing where there are no signals (browsers).
 *
 * @returns a function that puts everything back; calling it twice is harmless.
 */
export function onInterrupt(onInterrupt: () => void): () => void {
  if (!hasNode()) return () => undefined;
  process.once("SIGINT", onInterrupt);
  return () => process.removeListener("SIGINT", onInterrupt);
}
