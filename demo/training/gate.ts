/** Where a training waits while it is paused: a callback gives the promise to `fit`, which waits for it. */
export class Gate {
  private waiting: Promise<void> | undefined;
  private open: (() => void) | undefined;

  /** Undefined when nothing is to be waited for. */
  get closed(): Promise<void> | undefined {
    return this.waiting;
  }

  pause(): void {
    this.waiting ??= new Promise((resolve) => {
      this.open = resolve;
    });
  }

  resume(): void {
    this.open?.();
    this.open = undefined;
    this.waiting = undefined;
  }
}
