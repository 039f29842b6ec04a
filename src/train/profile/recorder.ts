import type { KernelTime } from "../../tensor/index.ts";
import type { BatchProgram, Series } from "../batch-program.ts";
import type { Feed } from "../feed.ts";

/** What is known of one step; times are those of `performance.now()`. */
export interface StepRecord {
  /** The copy of the batch begins, and ends. */
  readonly copyBegin: number;
  readonly copyEnd: number;
  /** The program is called, and the event loop goes on after it. */
  readonly runBegin: number;
  readonly runEnd: number;
  /** The recorder has taken down the times; what follows is the loop's. */
  readonly noted: number;
  readonly times: readonly KernelTime[];
  /** When the next step begins, in the same epoch; undefined for the last one of an epoch. */
  next: number | undefined;
}

/** Steps that are left out, and milliseconds: memory is touched for the first time, threads start, JavaScript is not optimized yet. */
const WARM_UP = { steps: 5, ms: 100 } as const;

/** Takes down the times of a training's first steps. The loop does not know of it: it gets batches that look at the clock. */
export class Recorder {
  private readonly all: StepRecord[] = [];
  private copyBegin = 0;
  private copyEnd = 0;
  private started = 0;
  private done = 0;
  /** Steps after those that warm up. */
  private warm = 0;

  /** @param steps to be recorded, after those that warm up. */
  constructor(private readonly steps: number) {}

  /** True when there are as many steps as are wanted. */
  private get full(): boolean {
    return this.warm >= this.steps;
  }

  /** The steps recorded, without those that warmed up; of a short training, its later ones. */
  get records(): readonly StepRecord[] {
    const { length } = this.all;
    return this.all.slice(Math.max(length - this.steps, Math.min(WARM_UP.steps, Math.floor(length / 2))));
  }

  /** The same step, timed. */
  watch(series: Series): Series {
    const { profiler } = series.program;
    if (!profiler) return series;
    const note = (runBegin: number): void => {
      const runEnd = performance.now();
      const { copyBegin, copyEnd } = this;
      const times = profiler.times();
      const noted = performance.now();
      this.all.push({ copyBegin, copyEnd, runBegin, runEnd, times, noted, next: undefined });
      if (this.all.length > this.steps + WARM_UP.steps) this.all.shift();
      if (this.done++ === 0) this.started = runBegin;
      else if (this.done > WARM_UP.steps && noted - this.started > WARM_UP.ms) this.warm++;
    };
    const timed = (): Promise<void> | undefined => {
      if (this.full) return series.run();
      const begin = performance.now();
      const working = series.run();
      if (working) return working.then(() => note(begin));
      note(begin);
      return undefined;
    };
    return { ...series, run: timed };
  }

  /** The same batches, timed; those of the full program by what it says of its kernels. What is waited for data counts as copying. */
  feed(feed: Feed, full: BatchProgram): Feed {
    let watched: Series | undefined;
    let batch = 0;
    const given = (begin: number, series: Series | undefined): Series | undefined => {
      if (!series) return undefined;
      const last = this.all.at(-1);
      if (last && this.copyBegin === last.copyBegin && (batch > 0 || feed.count === 1)) last.next = begin;
      this.copyBegin = begin;
      this.copyEnd = performance.now();
      batch++;
      if (series.program !== full) return series;
      watched ??= this.watch(series);
      return watched;
    };
    const timed: Feed = Object.create(feed);
    return Object.assign(timed, {
      begin(...place: Parameters<Feed["begin"]>) {
        batch = 0;
        return feed.begin(...place);
      },
      next() {
        const begin = performance.now();
        const coming = feed.next(1);
        return coming instanceof Promise ? coming.then((series) => given(begin, series)) : given(begin, coming);
      },
      position: () => feed.position(),
      close: () => feed.close(),
    });
  }
}
