import type { FromTraining, ToTraining } from "../messages.ts";

/** The training side, wherever it runs. */
export interface Trainer {
  send(message: ToTraining): void;
}

/**
 * Starts the training side on a thread of its own; on the page's own thread (the page then stops while an engine without
 * workers computes) where a browser refuses that, or when asked to.
 */
export async function openTrainer(heard: (message: FromTraining) => void, inPage = false): Promise<Trainer> {
  const worker = inPage ? undefined : await startWorker();
  if (worker) {
    worker.addEventListener("message", ({ data }: MessageEvent<FromTraining>) => heard(data));
    worker.addEventListener("error", ({ message }) =>
      heard({ type: "failed", message: message || "The worker failed." }),
    );
    return { send: (message) => worker.postMessage(message) };
  }
  const { Session } = await import("../training/session.ts");
  const session = new Session(heard);
  return { send: (message) => void session.handle(message) };
}

async function startWorker(): Promise<Worker | undefined> {
  try {
    return new Worker(new URL("training.js", document.baseURI), { type: "module", name: "training" });
  } catch {
    return undefined;
  }
}
