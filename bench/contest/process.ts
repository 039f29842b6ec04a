import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { NumbersFile } from "./numbers-file.ts";
import type { Answer, Hello } from "./requests.ts";
import type { Channel } from "./rival.ts";

/** What the first message of a process is: who it is, or why it can't take part. */
type Greeting = Hello & { readonly error?: string };

/** Starts a module of bench/contest/contestants.ts in a process of Node's. */
export async function startNode(
  name: string,
  threads: number,
  environment: Record<string, string> = {},
): Promise<Channel> {
  const child = fork(fileURLToPath(new URL("./child.ts", import.meta.url)), [name, String(threads)], {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, DESCENT_THREADS: String(threads), ...environment },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaints = "";
  child.stderr?.on("data", (text) => {
    complaints = (complaints + text).slice(-2000);
  });
  let waiting: ((message: unknown) => void) | undefined;
  child.on("message", (message) => waiting?.(message));
  const ended = once(child, "exit").then(([code]) => ({ error: `${name} ended (${code}): ${complaints.trim()}` }));
  const next = () => Promise.race([new Promise<unknown>((resolve) => (waiting = resolve)), ended]);

  const hello = (await next()) as Greeting;
  if (hello.error) throw new Error(hello.error);
  return {
    hello,
    async ask(request) {
      const answer = next();
      if (child.connected) child.send(request);
      return (await answer) as Answer;
    },
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Starts PyTorch (bench/peers/torch_peer.py) in a process of Python's ($PYTHON, else python3), which reads and writes lines of JSON. */
export async function startPython(mode: "eager" | "compile" | "bfloat16", threads: number): Promise<Channel> {
  const script = fileURLToPath(new URL("../peers/torch_peer.py", import.meta.url));
  const child = spawn(process.env.PYTHON ?? "python3", [script, mode, String(threads)], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaints = "";
  child.stderr.on("data", (text) => {
    complaints = (complaints + text).slice(-2000);
  });
  const ended = once(child, "close").then(
    ([code]) => `Python ended (${code}): ${complaints.trim()}`,
    (error: Error) => `Python can't be started: ${error.message}`,
  );
  child.stdin.on("error", () => {}); // it has ended: that is said by `ended`
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const read = lines.next().then(({ value, done }) => (done ? ended : JSON.parse(value)));
    const answer: unknown = await Promise.race([read, ended]);
    return typeof answer === "string" ? { error: answer } : answer;
  };
  const hello = (await next()) as Greeting;
  if (hello.error) throw new Error(hello.error);
  const file = new NumbersFile();
  return {
    hello,
    async ask(request) {
      const asked = request.ask === "begin" ? { ...request, numbers: file.write(request.task) } : request;
      child.stdin.write(`${JSON.stringify(asked)}\n`);
      return (await next()) as Answer;
    },
    async stop() {
      file.remove();
      child.kill("SIGKILL");
      await ended;
    },
  };
}
