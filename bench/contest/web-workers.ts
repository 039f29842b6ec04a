import { resolveObjectURL } from "node:buffer";
import { Worker as NodeWorker } from "node:worker_threads";

const PRELUDE = `
const { parentPort } = require("node:worker_threads");
globalThis.self = globalThis;
globalThis.postMessage = (message) => parentPort.postMessage(message);
parentPort.on("message", (data) => self.onmessage({ data }));
`;

/** As much of a Web Worker as a library needs that starts one from a blob. */
class WebWorker {
  onmessage: ((event: { data: unknown }) => void) | undefined;
  onerror: ((error: Error) => void) | undefined;
  private readonly started: Promise<NodeWorker>;

  constructor(url: string | URL) {
    // Taken at once: the address may be revoked as soon as the worker was made.
    const source = resolveObjectURL(String(url))?.text() ?? Promise.reject(new Error(`no blob at ${url}`));
    this.started = source.then((text) => {
      const worker = new NodeWorker(PRELUDE + text, { eval: true });
      worker.on("message", (data) => this.onmessage?.({ data }));
      worker.on("error", (error) => this.onerror?.(error as Error));
      return worker;
    });
  }

  postMessage(message: unknown): void {
    void this.started.then((worker) => worker.postMessage(message));
  }

  terminate(): void {
    void this.started.then((worker) => worker.terminate());
  }
}

/** Web Workers for a library that looks for them, and a navigator that tells of `threads` cores. Node 20 has neither. */
export function provideWorkers(threads: number): void {
  Object.defineProperty(globalThis, "Worker", { value: WebWorker, configurable: true });
  Object.defineProperty(globalThis, "navigator", { value: { hardwareConcurrency: threads }, configurable: true });
}
