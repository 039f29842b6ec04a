import type { BatchProgram } from "./batch-program.ts";

/**
 * Lets the programs of a model, which share its memory, run one at a time and in turn: a prediction asked for during a
 * training comes between two of its steps.
 */
export class Lane {
  private busy = false;
  private readonly waiting: (() => void)[] = [];
  private queue: Promise<unknown> = Promise.resolve();

  /** Runs a program when those before it are done; undefined when it is done at once. */
  run(program: Pick<BatchProgram, "run">): Promise<void> | undefined {
    if (!this.busy) return this.start(program);
    return this.between(() => this.start(program)).then((begun) => begun.value);
  }

  /** Calls `task` while no program runs, so that it sees the memory whole. */
  between<T>(task: () => T): Promise<{ value: T }> {
    return new Promise((resolve, reject) => {
      const now = () => {
        try {
          resolve({ value: task() }); // wrapped, or the lane would wait for what the task began
        } catch (error) {
          reject(error);
        }
      };
      if (this.busy) this.waiting.push(now);
      else now();
    });
  }

  /** Does whole tasks, of many runs each, one after the other: they share the buffers of their programs. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    const result = this.queue.then(task);
    this.queue = result.catch(() => undefined);
    return result;
  }

  private start(program: Pick<BatchProgram, "run">): Promise<void> | undefined {
    const working = program.run();
    if (working === undefined) return undefined;
    this.busy = true;
    const next = () => {
      this.busy = false;
      while (!this.busy && this.waiting.length > 0) this.waiting.shift()?.();
    };
    working.then(next, next);
    return working;
  }
}
