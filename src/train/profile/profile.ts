import type { Roof } from "../../tensor/index.ts";
import type { ProfileData, ProfiledKernel, ProfiledLayer, ProfiledMemory, ProfiledStep } from "./data.ts";
import { formatProfile, type ProfileFormat } from "./format.ts";
import type { StepRecord } from "./recorder.ts";
import { type Trace, traceOf } from "./trace.ts";

/**
 * Where the time and the memory of training steps went: what `fit` with `profile` gives as `history.profile`.
 *
 * @example
 * model.compile({ optimizer: "sgd", loss: "binaryCrossentropy", engine: "wasm" });
 * const { profile } = await model.fit(x, y, { epochs: 20, verbose: 0, profile: { steps: 10 } });
 * console.log(String(profile));
 */
export class Profile implements ProfileData {
  readonly model: string;
  readonly engine: string;
  readonly threads: number;
  readonly batchSize: number;
  readonly steps: number;
  readonly step: ProfiledStep;
  readonly kernels: readonly ProfiledKernel[];
  readonly layers: readonly ProfiledLayer[];
  readonly memory: ProfiledMemory;
  readonly machine: Roof | undefined;
  private readonly records: readonly StepRecord[];

  constructor(data: ProfileData, records: readonly StepRecord[]) {
    this.model = data.model;
    this.engine = data.engine;
    this.threads = data.threads;
    this.batchSize = data.batchSize;
    this.steps = data.steps;
    this.step = data.step;
    this.kernels = data.kernels;
    this.layers = data.layers;
    this.memory = data.memory;
    this.machine = data.machine;
    this.records = records;
  }

  /** Everything as text: times, layers, memory. Default: 80 columns, the 24 longest kernels. */
  format(options: ProfileFormat = {}): string {
    return formatProfile(this, options);
  }

  toString(): string {
    return this.format();
  }

  /**
   * The steps in Trace Event Format, which https://ui.perfetto.dev and chrome://tracing open: `JSON.stringify` makes the file.
   * A row for the event loop, and one for each thread.
   */
  trace(): Trace {
    return traceOf(this, this.records);
  }

  /** What `JSON.stringify` writes: the data without the trace. */
  toJSON(): ProfileData {
    const { records: _, ...data } = this;
    return data as ProfileData;
  }
}
