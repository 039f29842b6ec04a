import type { Network } from "../nn/index.ts";
import type { DescentError } from "../util/index.ts";
import type { BatchProgram } from "./batch-program.ts";
import type { Batches } from "./batches.ts";
import type { StepEvent, Training, WeightsCopy } from "./callback.ts";
import type { Events } from "./events.ts";
import { Chronicle } from "./history.ts";
import type { Lane } from "./lane.ts";
import { Pace } from "./pace.ts";
import type { Scorer, Totals } from "./scorer.ts";
import { reached, type StopWhen } from "./stop.ts";
import type { Trainer } from "./trainer.ts";
import { type Logs, validationName } from "./values.ts";

/** What a run is made from. */
export interface RunParts {
  readonly model: Network;
  readonly trainer: Trainer;
  readonly engineReason: string;
  readonly batches: Batches;
  readonly full: BatchProgram;
  readonly last: BatchProgram;
  readonly scorer: Scorer;
  readonly events: Events;
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly seed: number;
  readonly shuffle: boolean;
  readonly stopWhen: StopWhen;
  readonly validationSamples: number;
  /** Measures the validation data; undefined when there are none. */
  readonly validate: (() => Promise<Logs>) | undefined;
  readonly explain: (run: Run, program: BatchProgram) => Promise<DescentError>;
}

/** One training under way: its place, its sums, its end. */
export class Run implements Training {
  readonly model: Network;
  readonly engine: string;
  readonly engineReason: string;
  readonly batches: Batches;
  readonly totals: Totals;
  readonly lane: Lane;
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly samples: number;
  readonly validationSamples: number;
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  readonly pace = new Pace();
  readonly chronicle = new Chronicle();
  readonly event: StepEvent;
  /** True when Ctrl-C ended it. */
  interrupted = false;
  epoch: number;
  stepInEpoch = 0;
  private stopReason: string | undefined;
  private epochStarted = 0;
  private readonly arrays: ReadonlyMap<BatchProgram, ReturnType<Scorer["arraysOf"]>>;

  constructor(private readonly parts: RunParts) {
    const { model, trainer, batches, full, last, scorer } = parts;
    this.model = model;
    this.engine = trainer.memory.engine.name;
    this.engineReason = parts.engineReason;
    this.batches = batches;
    this.totals = scorer.totals();
    this.lane = trainer.lane;
    this.epochs = parts.epochs;
    this.initialEpoch = parts.initialEpoch;
    this.epoch = parts.initialEpoch;
    this.samples = batches.rows;
    this.validationSamples = parts.validationSamples;
    this.batchSize = batches.size;
    this.stepsPerEpoch = batches.count;
    this.event = { training: this, epoch: 0, step: 0, loss: 0, size: 0 };
    this.arrays = new Map([full, last].map((program) => [program, scorer.arraysOf(program.outputs)]));
    for (const { control } of [full, last]) {
      control[0] = parts.seed >>> 0;
      control[1] = Math.floor(parts.seed / 4294967296) >>> 0;
    }
  }

  get step(): number {
    return this.parts.trainer.step;
  }

  get learningRate(): number {
    return this.parts.trainer.learningRate;
  }

  get stopped(): boolean {
    return this.stopReason !== undefined;
  }

  /** Why the training ended. */
  get reason(): string {
    return this.stopReason ?? "epochs";
  }

  programFor(batch: number): BatchProgram {
    return batch === this.batches.count - 1 ? this.parts.last : this.parts.full;
  }

  /** Adds a step's outputs to the sums and returns its mean loss. */
  add(program: BatchProgram): number {
    const arrays = this.arrays.get(program) as ReturnType<Scorer["arraysOf"]>;
    this.totals.add(arrays);
    return (arrays[0] as Float32Array)[0] as number;
  }

  /** Counts a step and tells the callbacks. */
  finishStep(size: number): Promise<void> | undefined {
    const { event } = this;
    this.parts.trainer.step++;
    this.stepInEpoch++;
    event.epoch = this.epoch;
    event.step = this.step;
    event.size = size;
    return this.parts.events.stepEnd(event);
  }

  async beginEpoch(epoch: number): Promise<void> {
    this.epoch = epoch;
    this.stepInEpoch = 0;
    this.totals.reset();
    if (this.parts.shuffle) await this.batches.shuffle(this.parts.seed, epoch, this.pace);
    await this.parts.events.epochBegin({ training: this, epoch });
    this.epochStarted = performance.now();
  }

  async endEpoch(epoch: number, logs: Logs): Promise<void> {
    const { events, validate, stopWhen } = this.parts;
    const seconds = (performance.now() - this.epochStarted) / 1000;
    if (validate) {
      await events.validationBegin({ training: this, epoch });
      for (const [name, value] of Object.entries(await validate())) logs[validationName(name)] = value;
      if (this.interrupted) return;
    }
    this.chronicle.add(epoch, logs);
    await events.epochEnd({ training: this, epoch, logs, seconds });
    const reason = reached(stopWhen, logs);
    if (reason) this.stop(reason);
  }

  explain(program: BatchProgram): Promise<DescentError> {
    return this.parts.explain(this, program);
  }

  stop(reason: string): void {
    this.stopReason ??= reason;
  }

  /** Ends the training after the present step, without ending its epoch. */
  interrupt(): void {
    this.interrupted = true;
    this.stop("interrupted");
  }

  scaleLearningRate(factor: number): void {
    this.parts.trainer.learningRateFactor *= factor;
  }

  runningLogs(): Logs {
    return this.totals.logs();
  }

  copyWeights(): WeightsCopy {
    return this.parts.trainer.memory.copy();
  }

  setWeights(copy: WeightsCopy): void {
    this.parts.trainer.memory.restore(copy);
  }
}
