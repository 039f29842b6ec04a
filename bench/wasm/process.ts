import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Answer, ContestantName, Hello, Request, Rival } from "./requests.ts";

/** Starts a contestant in a process of its own. */
export async function startProcess(name: ContestantName, threads: number, engine: string): Promise<Rival> {
  const child = fork(fileURLToPath(new URL("./child.ts", import.meta.url)), [name, String(threads)], {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, DESCENT_THREADS: String(threads), DESCENT_ENGINE: engine },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaints = "";
  child.stderr?.on("data", (text) => {
    complaints += text;
  });
  let waiting: ((message: unknown) => void) | undefined;
  child.on("message", (message) => waiting?.(message));
  const ended = once(child, "exit").then(([code]) => ({ error: `${name} ended (${code}): ${complaints.trim()}` }));
  const next = () => Promise.race([new Promise<unknown>((resolve) => (waiting = resolve)), ended]);

  const hello = (await next()) as Hello & { error?: string };
  if (hello.error) throw new Error(hello.error);
  return {
    hello,
    async ask(request: Request) {
      const answer = next();
      if (child.connected) child.send(request);
      return (await answer) as Answer;
    },
    async stop() {
      child.kill();
      await ended;
    },
  };
}
