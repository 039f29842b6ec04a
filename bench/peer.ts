import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** PyTorch in a Python process of its own, asked for one block of steps at a time (bench/torch_peer.py). */
export class TorchPeer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    readonly version: string,
    readonly threads: number,
  ) {}

  /** Starts Python; a text says why there is no PyTorch. */
  static async start(threads: number): Promise<TorchPeer | string> {
    const script = fileURLToPath(new URL("./torch_peer.py", import.meta.url));
    const child = spawn(process.env.PYTHON ?? "python3", [script, String(threads)], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    const started = await Promise.race([
      once(child, "spawn").then(() => true),
      once(child, "error").then(() => false),
    ]).catch(() => false);
    if (!started) return "python3 not found";
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    if (done) return "the Python process ended before it said anything";
    const hello: { torch?: string; threads?: number; error?: string } = JSON.parse(value);
    if (!hello.torch) return `PyTorch cannot be imported: ${hello.error}`;
    return new TorchPeer(child, lines, hello.torch, hello.threads ?? threads);
  }

  /** Milliseconds per step over one block; throws what Python answered instead. */
  async block(name: string, steps: number): Promise<number> {
    this.child.stdin?.write(`${JSON.stringify({ case: name, steps })}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error("the Python process ended");
    const answer: { ms?: number; error?: string } = JSON.parse(value);
    if (answer.ms === undefined) throw new Error(`PyTorch: ${answer.error}`);
    return answer.ms;
  }

  stop(): void {
    this.child.stdin?.end();
  }
}
