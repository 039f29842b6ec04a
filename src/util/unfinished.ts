import { rmSync } from "node:fs";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Files that are being written under a name of their own, which would be left over if the process ended now. */
const unfinished = new Set<string>();

/**
 * Has a file removed when the process ends before it is done: by `process.exit`, by an error, or by a signal that nobody else listens to.
 * Where somebody does (a training that saves at Ctrl-C), they decide when the process ends. Only a kill -9 leaves the file.
 *
 * @returns says that the file is done, or removed; calling it twice is harmless.
 */
export function removeUnlessDone(path: string): () => void {
  if (unfinished.size === 0) {
    process.on("exit", removeAll);
    // First in the row: others that listen may stop listening while they are told, and would not be counted.
    for (const signal of SIGNALS) process.prependListener(signal, endBy);
  }
  unfinished.add(path);
  return () => {
    if (unfinished.delete(path) && unfinished.size === 0) stopListening();
  };
}

function endBy(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  stopListening();
  removeAll();
  // With nobody listening, the signal does what it does by default: the shell is told what ended the process.
  process.kill(process.pid, signal);
}

function stopListening(): void {
  process.removeListener("exit", removeAll);
  for (const signal of SIGNALS) process.removeListener(signal, endBy);
}

function removeAll(): void {
  for (const path of unfinished) {
    try {
      rmSync(path, { force: true });
    } catch {
      // The process ends; a folder that can't be written any more must not hinder the others.
    }
  }
  unfinished.clear();
}
