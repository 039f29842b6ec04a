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
  const next = async (): Promise<unknown> => {
    const [message] = await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code]) => [{ error: `${name} ended (${code}): ${complaints.trim()}` }]),
    ]);
    return message;
  };
  const hello = (await next()) as Hello & { error?: string };
  if (hello.error) throw new Error(hello.error);
  return {
    hello,
    async ask(request: Request) {
      if (!child.connected) return { error: `${name} ended: ${complaints.trim()}` };
      child.send(request);
      return (await next()) as Answer;
    },
    async stop() {
      if (child.exitCode === null) {
        child.kill();
        await once(child, "exit");
      }
    },
  };
}
