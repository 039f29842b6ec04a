import { nodeModule } from "../../../engine/index.ts";
import { hasNode } from "../../../util/index.ts";
import { webWorkers } from "./web-worker.ts";
import type { Spawn, WorkerMessage, Workers } from "./worker-link.ts";
import { WORKER_SOURCE } from "./worker-source.ts";

/**
 * How workers are started here; or why they can't be. In browsers the first worker is started now, because only trying tells whether
 * the page's content security policy allows it; it serves whoever asks first.
 */
export async function findWorkers(): Promise<Workers | { readonly reason: string }> {
  return hasNode() ? nodeWorkers() : webWorkers();
}

async function nodeWorkers(): Promise<Workers | { readonly reason: string }> {
  try {
    const { Worker: NodeWorker } = await nodeModule("node:worker_threads");
    // The process's own options and preloaded modules are not for these threads, and would make them start slowly.
    const options = { eval: true, execArgv: [], env: {}, name: "descent" };
    if (globalThis.process.permission?.has("worker") === false) {
      return { reason: "Node's permissions (--permission) lack --allow-worker" };
    }
    const spawn: Spawn = (events) => {
      const worker = new NodeWorker(WORKER_SOURCE, options);
      let why = "it ended";
      let listening = true;
      worker.on("message", (data: WorkerMessage) => listening && events.message(data));
      worker.on("error", (error) => {
        why = error.message;
      });
      worker.on("exit", () => listening && events.lost(why));
      worker.unref(); // after its listeners: one more for messages keeps it alive again
      return {
        post: (message, transfer = []) => worker.postMessage(message, transfer),
        keepAlive: (wanted) => (wanted ? worker.ref() : worker.unref()),
        terminate() {
          listening = false;
          void worker.terminate();
        },
      };
    };
    return { spawn, shared: true };
  } catch (error) {
    return { reason: `threads can't be started (${(error as Error).message})` };
  }
}
