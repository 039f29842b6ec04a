/**
 * Keeps the event loop alive between steps too short to be worth leaving it: says when it has been held for long, and
 * lets it run. Timers, servers and Ctrl-C then wait for {@link longestHold} and one step at most.
 */
export class Pace {
  private last = performance.now();

  /** True when the event loop has been held for long enough. */
  due(): boolean {
    return performance.now() - this.last >= longestHold;
  }

  /** Lets everything run that waits. */
  async rest(): Promise<void> {
    await new Promise<void>(soon);
    this.last = performance.now();
  }
}

/** Milliseconds: a fraction of the 16 ms of a frame. */
const longestHold = 8;

/** Runs `f` after waiting events; a browser has no setImmediate and clamps nested timeouts to 4 ms, a message does not wait. */
function soon(f: () => void): void {
  if (typeof setImmediate === "function") {
    setImmediate(f);
    return;
  }
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    channel.port1.close();
    f();
  };
  channel.port2.postMessage(undefined);
}
