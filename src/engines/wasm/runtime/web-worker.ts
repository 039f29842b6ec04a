import type { WorkerEvents, WorkerLink, WorkerMessage, Workers } from "./worker-link.ts";
import { WORKER_SOURCE } from "./worker-source.ts";

/**
 * Web Workers, as far as the content security policy of the page (or of the worker that this is) allows them: from a blob, else from a
 * data: URL, whose origin is nobody's, so that it can't be given shared memory.
 */
export async function webWorkers(): Promise<Workers | { readonly reason: string }> {
  if (typeof Worker !== "function") return { reason: "this host has no workers" };
  const sources = [
    () => URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" })),
    () => `data:text/javascript,${encodeURIComponent(WORKER_SOURCE)}`,
  ];
  let refusal = "";
  for (const source of sources) {
    let spare: WebWorker | undefined;
    try {
      const url = source();
      spare = new WebWorker(url);
      const { shared } = await spare.ready;
      const spawn = (events: WorkerEvents) => {
        const worker = spare ?? new WebWorker(url);
        spare = undefined;
        worker.listen(events);
        return worker;
      };
      return { spawn, shared };
    } catch (error) {
      spare?.terminate();
      refusal ||= error instanceof Error ? error.message : String(error);
    }
  }
  return { reason: `workers are refused (${refusal}): the content security policy must allow blob: in worker-src` };
}

/** A worker that has not begun after so long is not expected any more. */
const PATIENCE_MS = 20_000;

/** A worker that is watched: it holds a lock as long as it lives, and whoever gets the lock knows that it has ended. */
class WebWorker implements WorkerLink {
  /** What it can do, when it has answered. */
  readonly ready: Promise<{ readonly shared: boolean }>;
  private readonly worker: Worker;
  private readonly over = new AbortController();
  private events: WorkerEvents | undefined;

  constructor(url: string) {
    this.worker = new Worker(url);
    const lock = globalThis.navigator?.locks ? `descent ${Math.random()}` : undefined;
    this.ready = new Promise((resolve, reject) => {
      const patience = setTimeout(() => reject(new Error("a worker does not answer")), PATIENCE_MS);
      this.worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
        if (data.kind === "ready") {
          clearTimeout(patience);
          if (data.locked && lock) this.watch(lock);
          resolve(data);
        } else if (this.events) {
          this.events.message(data);
        } else {
          reject(new Error("the worker did not start"));
        }
      };
      this.worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message || "the worker did not start"));
        this.events?.lost(event.message || "it ended");
      };
    });
    // Of interest only to who waits for the first one.
    this.ready.catch(() => undefined);
    this.worker.onmessageerror = () => this.events?.lost("a message could not be read");
    this.worker.postMessage({ kind: "hello", lock, memory: trialMemory() });
  }

  listen(events: WorkerEvents): void {
    this.events = events;
  }

  post(message: unknown, transfer: readonly ArrayBuffer[] = []): void {
    this.worker.postMessage(message, [...transfer]);
  }

  /** Pages live as long as their visitors like. */
  keepAlive(): void {}

  terminate(): void {
    this.events = undefined;
    this.over.abort();
    this.worker.terminate();
  }

  private watch(lock: string): void {
    navigator.locks
      .request(lock, { signal: this.over.signal }, () => this.events?.lost("it ended"))
      .catch(() => undefined); // given up: the worker was ended by its owner
  }
}

/** A shared memory to try whether workers can be given one; undefined where a page may not. */
function trialMemory(): WebAssembly.Memory | undefined {
  try {
    if (!globalThis.crossOriginIsolated) return undefined;
    return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  } catch {
    return undefined;
  }
}
