import type { Network } from "../nn/index.ts";
import type { Optimizer } from "../optim/index.ts";
import type { BatchProgram } from "./batch-program.ts";
import type { Batches } from "./batches.ts";
import { Lane } from "./lane.ts";
import type { Memory } from "./memory.ts";
import { ProgramCache } from "./program-cache.ts";

/** Where training stands: what is saved and loaded beside the weights. */
export interface TrainingState {
  /** Updates done. */
  readonly step: number;
  /** What callbacks have multiplied the learning rate by. */
  readonly learningRateFactor: number;
  readonly slots: ReadonlyMap<string, Float32Array>;
}

/** A model ready to compute: its memory on an engine, its compiled programs, and where its training stands. */
export class Trainer {
  readonly cache = new ProgramCache();
  readonly lane = new Lane();
  /** Updates done. */
  step = 0;
  learningRateFactor = 1;

  constructor(
    readonly network: Network,
    readonly memory: Memory,
    private readonly optimizer: Optimizer | undefined,
    saved: TrainingState | undefined,
  ) {
    if (saved) this.takeUp(saved);
    else if (optimizer) memory.prepareSlots(optimizer);
  }

  /** Goes on from where a training stood. */
  takeUp({ step, learningRateFactor, slots }: TrainingState): void {
    if (this.optimizer) this.memory.prepareSlots(this.optimizer, slots);
    this.step = step;
    this.learningRateFactor = learningRateFactor;
  }

  /** Learning rate of the next update. */
  get learningRate(): number {
    return this.learningRateAt(this.step);
  }

  /** Learning rate of the update after `step` others. */
  learningRateAt(step: number): number {
    return (this.optimizer?.learningRate.at(step) ?? 0) * this.learningRateFactor;
  }

  get state(): TrainingState {
    return { step: this.step, learningRateFactor: this.learningRateFactor, slots: this.memory.slotArrays };
  }
}

/** The programs for the full and for the last batch, compiled side by side. */
export async function programsFor(
  batches: Batches,
  make: (size: number) => Promise<BatchProgram>,
): Promise<{ full: BatchProgram; last: BatchProgram }> {
  const { size, count, lastSize } = batches;
  if (count === 1 || lastSize === size) {
    const only = await make(count === 1 ? lastSize : size);
    return { full: only, last: only };
  }
  const [full, last] = await Promise.all([make(size), make(lastSize)]);
  return { full, last };
}
