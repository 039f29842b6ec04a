import { nodeModule } from "../../../engine/index.ts";
import { hasNode } from "../../../util/index.ts";
import { WORKER_SOURCE } from "./worker-source.ts";

/** A worker's side that its owner listens to. */
export interface WorkerEvents {
  message(data: WorkerMessage): void;
  /** It ended, by itself or by somebody else, and will never answer. */
  lost(why: string): void;
}

/** What workers say (see worker-source.ts). */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly run?: number; readonly buffer?: ArrayBuffer }
  | { readonly kind: "failed"; readonly message: string };

/** A worker of any host. */
export interface WorkerLink {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Whether the process stays alive for it; without meaning in browsers. */
  keepAlive(wanted: boolean): void;
  /** Ends it; nothing is heard of it any more. */
  terminate(): void;
}

/** Starts a worker. */
export type Spawn = (events: WorkerEvents) => WorkerLink;

/**
 * How workers are started here; or why they can't be. In browsers the first worker is started now, because only trying tells whether
 * the page's content security policy allows it; it serves whoever asks first.
 */
export async function findSpawn(): Promise<Spawn | { readonly reason: string }> {
  if (hasNode()) return nodeSpawn();
  if (typeof Worker !== "function") return { reason: "this host has no workers" };
  const sources = [
    () => URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" })),
    () => `data:text/javascript,${encodeURIComponent(WORKER_SOURCE)}`,
  ];
  let refusal = "";
  for (const source of sources) {
    try {
      const url = source();
      return reusing(await tryWorker(url), url);
    } catch (error) {
      refusal ||= error instanceof Error ? error.message : String(error);
    }
  }
  return { reason: `workers are refused (${refusal}): the content security policy must allow blob: in worker-src` };
}

async function nodeSpawn(): Promise<Spawn | { readonly reason: string }> {
  try {
    const { Worker: NodeWorker } = await nodeModule("node:worker_threads");
    // The process's own options and preloaded modules are not for these threads, and would make them start slowly.
    const options = { eval: true, execArgv: [], env: {}, name: "descent" };
    if (globalThis.process.permission?.has("worker") === false) {
      return { reason: "Node's permissions (--permission) lack --allow-worker" };
    }
    return (events) => {
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
  } catch (error) {
    return { reason: `threads can't be started (${(error as Error).message})` };
  }
}

/** A worker that has answered, or an error. */
function tryWorker(url: string): Promise<Worker> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(url);
    worker.onmessage = () => resolve(worker);
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      reject(new Error(event.message || "the worker did not start"));
    };
    worker.postMessage({ kind: "hello" });
  });
}

function reusing(first: Worker, url: string): Spawn {
  let spare: Worker | undefined = first;
  return (events) => {
    const worker = spare ?? new Worker(url);
    spare = undefined;
    worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => events.message(data);
    worker.onmessageerror = () => events.lost("a message could not be read");
    worker.onerror = (event) => {
      event.preventDefault();
      events.lost(event.message || "it ended");
    };
    return {
      post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
      keepAlive: () => undefined,
      terminate() {
        worker.onmessage = worker.onerror = worker.onmessageerror = null;
        worker.terminate();
      },
    };
  };
}
