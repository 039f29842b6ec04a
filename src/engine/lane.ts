/** Runs asynchronous tasks one after the other, in the order they came: a pool of threads serves one program at a time. */
export class Lane {
  private running = false;
  private readonly waiting: (() => void)[] = [];

  /** Whether a task is under way. */
  get busy(): boolean {
    return this.running;
  }

  /** Starts the task now or when those before it are done; `start` is given what to call at its end. */
  enter(start: (done: () => void) => void): void {
    const begin = () => start(this.leave);
    if (this.running) {
      this.waiting.push(begin);
    } else {
      this.running = true;
      begin();
    }
  }

  private readonly leave = (): void => {
    const next = this.waiting.shift();
    if (next) next();
    else this.running = false;
  };
}
