import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

/** How a command ended. */
export interface Outcome {
  /** Exit code; null when it was ended by a signal or could not be started. */
  readonly code: number | null;
  readonly stdout: string;
  /** What it wrote to its error stream, or why it could not be started. */
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds after which the command is ended; default none. */
  readonly timeout?: number;
}

/** Runs a command without a shell and without blocking; never rejects. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    // Not spawn's own timeout: it keeps the process alive when the command could not be started.
    const timer = options.timeout ? setTimeout(() => child.kill("SIGKILL"), options.timeout) : undefined;
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const written = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        written[stream] += text;
      });
    }
    child.on("error", (error) => end({ ...written, code: null, stderr: error.message }));
    child.on("close", (code, signal) => {
      const stderr = signal ? `${written.stderr}\nended by ${signal}` : written.stderr;
      end({ ...written, code, stderr });
    });
  });
}

/** Lets at most `limit` tasks run at once, the others in the order they came. */
export class Turnstile {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  async pass<T>(task: () => Promise<T>): Promise<T> {
    if (this.running >= this.limit) await new Promise<void>((enter) => this.waiting.push(enter));
    else this.running++;
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}

/** Compilers running at once, in this process: as many as there are cores. */
export const compilers = new Turnstile(availableParallelism());
