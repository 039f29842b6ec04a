import { hasNode } from "../util/index.ts";

/** What asks a process to end: Ctrl-C, and what systems send before they kill. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Calls `onInterrupt` at the first Ctrl-C or SIGTERM; a second one does what it did before (by default: quits at once).
 * Does nothing where there are no signals (browsers).
 *
 * @returns a function that puts everything back; calling it twice is harmless.
 */
export function onInterrupt(onInterrupt: () => void): () => void {
  if (!hasNode()) return () => undefined;
  const remove = () => {
    for (const signal of SIGNALS) process.removeListener(signal, listener);
  };
  const listener = () => {
    remove();
    onInterrupt();
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return remove;
}
