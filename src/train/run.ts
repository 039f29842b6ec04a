import type { Network } from "../nn/index.ts";
import type { DescentError } from "../util/index.ts";
import type { BatchProgram, Series } from "./batch-program.ts";
import type { StepEvent, Training, WeightsCopy } from "./callback.ts";
import type { Events } from "./events.ts";
import type { Feed, FeedPosition } from "./feed.ts";
import { Chronicle } from "./history.ts";
import type { Lane } from "./lane.ts";
import { Pace } from "./pace.ts";
import type { Scorer, Totals, TotalsState } from "./scorer.ts";
import { reached, type StopWhen } from "./stop.ts";
import type { Trainer } from "./trainer.ts";
import { type Logs, validationName } from "./values.ts";

/** Where a run is kept, so that another can go on with it. */
export interface Checkpoints {
  /** Updates that may be done before the next {@link Checkpoints.stepEnd}. */
  stepsLeft(run: Run): number;
  /** After updates: may begin to write, and is not waited for. */
  stepEnd(run: Run): void;
  /** After an epoch and its validation. */
  epochEnd(run: Run, epoch: number, logs: Logs): Promise<void> | undefined;
}

/** What a run is made from. */
export interface RunParts {
  readonly model: Network;
  readonly trainer: Trainer;
  readonly engineReason: string;
  readonly feed: Feed;
  readonly scorer: Scorer;
  readonly events: Events;
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly stopWhen: StopWhen;
  readonly validationSamples: () => number;
  /** Measures the validation data; undefined when there are none. */
  readonly validate: (() => Promise<Logs>) | undefined;
  /** Undefined without checkpoints. */
  readonly checkpoints: Checkpoints | undefined;
  readonly explain: (run: Run, program: BatchProgram) => Promise<DescentError>;
}

/** Where a run stands, beside weights and optimizer. */
export interface Standing {
  readonly step: number;
  readonly reason: string | null;
  readonly totals: TotalsState;
  readonly history: ReturnType<Chronicle["copy"]>;
  /** In the data, within an epoch. */
  readonly position?: FeedPosition;
}

/** One training under way: its place, its sums, its end. */
export class Run implements Training {
  readonly model: Network;
  readonly engine: string;
  readonly engineReason: string;
  readonly feed: Feed;
  readonly totals: Totals;
  readonly lane: Lane;
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly batchSize: number;
  readonly pace = new Pace();
  readonly chronicle = new Chronicle();
  readonly event: StepEvent;
  /** True when Ctrl-C ended it. */
  interrupted = false;
  resumed = false;
  epoch: number;
  stepInEpoch = 0;
  private stopReason: string | undefined;
  private epochStarted = 0;
  /** The epoch was begun before, by a run that this one goes on with. */
  private begun = false;
  private position: FeedPosition = null;
  private readonly arrays = new Map<BatchProgram, ReturnType<Scorer["arraysOf"]>>();

  constructor(private readonly parts: RunParts) {
    const { model, trainer, feed, scorer } = parts;
    this.model = model;
    this.engine = trainer.memory.engine.name;
    this.engineReason = parts.engineReason;
    this.feed = feed;
    this.totals = scorer.totals();
    this.lane = trainer.lane;
    this.epochs = parts.epochs;
    this.initialEpoch = parts.initialEpoch;
    this.epoch = parts.initialEpoch;
    this.batchSize = feed.size;
    this.event = { training: this, epoch: 0, step: 0, loss: 0, size: 0 };
  }

  get samples(): number | undefined {
    return this.feed.rows;
  }

  get stepsPerEpoch(): number | undefined {
    return this.feed.count;
  }

  get validationSamples(): number {
    return this.parts.validationSamples();
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

  get waiting(): number {
    return this.feed.waited / 1000;
  }

  /** Steps that may be done before a checkpoint is taken. */
  get stepsLeft(): number {
    return this.parts.checkpoints?.stepsLeft(this) ?? Number.POSITIVE_INFINITY;
  }

  /** Numbers the steps of a call, and gives each its learning rate. */
  prepare({ steps, control, rate }: Series): void {
    const { trainer } = this.parts;
    for (let i = 0; i < steps; i++) {
      control[3 * i + 2] = trainer.step + i;
      rate[i] = trainer.learningRateAt(trainer.step + i);
    }
  }

  /** Lets a checkpoint be taken; its writing is not waited for. */
  checkpoint(): void {
    this.parts.checkpoints?.stepEnd(this);
  }

  /** Adds a step's outputs to the sums and returns its mean loss. */
  add(program: BatchProgram): number {
    let arrays = this.arrays.get(program);
    if (!arrays) {
      arrays = this.parts.scorer.arraysOf(program.outputs);
      this.arrays.set(program, arrays);
    }
    this.totals.add(arrays);
    return this.parts.scorer.lossIn(arrays[0] as Float32Array);
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

  /** What a checkpoint tells of the run. */
  standing(): Required<Standing> & { totals: { losses: number[]; statistics: number[][] } } {
    const reason = this.interrupted ? null : (this.stopReason ?? null);
    const position = this.feed.position() ?? null;
    return { step: this.step, reason, totals: this.totals.sums() as never, history: this.chronicle.copy(), position };
  }

  /** Goes on where another run stood. */
  takeUp({
    epoch,
    stepInEpoch,
    reason,
    totals,
    history,
    position,
  }: Standing & { epoch: number; stepInEpoch: number }): void {
    this.resumed = true;
    this.epoch = epoch;
    this.stepInEpoch = stepInEpoch;
    this.begun = stepInEpoch > 0;
    this.position = position ?? null;
    this.totals.restore(totals);
    this.chronicle.restore(history);
    if (reason !== null) this.stop(reason);
  }

  async beginEpoch(epoch: number): Promise<void> {
    this.epoch = epoch;
    if (!this.begun) {
      this.stepInEpoch = 0;
      this.totals.reset();
    }
    this.begun = false;
    await this.feed.begin(epoch, this.stepInEpoch, this.position, this.pace);
    this.position = null;
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
    await this.parts.checkpoints?.epochEnd(this, epoch, logs);
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
