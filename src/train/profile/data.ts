import type { MemoryBlock, Roof } from "../../tensor/index.ts";

/** What part of a training step something belongs to. */
export type Phase = "forward" | "backward" | "update";

/** A part of the model that a kernel computes for. */
export interface ProfiledOwner {
  /** The layer's path; "loss", "metrics", "optimizer" or "augment" for what is no layer's; "" where nothing is known. */
  readonly layer: string;
  readonly phase: Phase;
}

/** A kernel and where its time went. */
export interface ProfiledKernel {
  /** What it computes: "matmul 128x512x784 + add + relu" (rows, columns, depth). */
  readonly kernel: string;
  /** What it computes it for, the main part first. */
  readonly owners: readonly ProfiledOwner[];
  /** Milliseconds of a step, the mean of the middle half of steps. Time in which several kernels run side by side is divided among them. */
  readonly ms: number;
  /** Part of the step's time, 0 to 1. */
  readonly share: number;
  /** 1e9 floating point operations a second; a multiply-add counts as two. */
  readonly gflops: number;
  /** 1e9 bytes a second that have to be read and written at least. */
  readonly gbytes: number;
  /** The least time that the machine's peak allows, as a part of the time taken; undefined where the peak is not known. */
  readonly roof: number | undefined;
}

/** All kernels whose main part is a layer's. */
export interface ProfiledLayer extends Readonly<Record<Phase, number>> {
  readonly layer: string;
  /** Milliseconds of a step. */
  readonly ms: number;
  readonly share: number;
}

/** Where the time of a step went, in milliseconds: the mean of the middle half of steps. The parts add up. */
export interface ProfiledStep {
  /** From the beginning of one step to that of the next. */
  readonly ms: number;
  /** Some thread was in a kernel. */
  readonly kernels: number;
  /** Between the first and the last kernel no thread was in one: barriers. */
  readonly between: number;
  /** From the call to the first kernel, and from the last one until the event loop goes on. */
  readonly call: number;
  /** Copying the batch to where the program reads it. */
  readonly copy: number;
  /** Callbacks, metrics, progress, and whatever else the event loop did. */
  readonly loop: number;
  /** Part of their time, 0 to 1, that threads spent in kernels while the program ran. */
  readonly busy: number;
}

/** Memory of a training step, in bytes. */
export interface ProfiledMemory {
  readonly parameters: number;
  /** What the optimizer remembers. */
  readonly slots: number;
  /** Weights that are not trained: moving statistics. */
  readonly moving: number;
  /** Weights of frozen layers. */
  readonly frozen: number;
  /** Inputs and outputs of the program: a batch, sums of metrics. */
  readonly batch: number;
  /** Intermediate values that are needed at the same time, at the worst moment. */
  readonly activations: number;
  /** The arena that holds them, with gaps. */
  readonly arena: number;
  /** What kernels work in: packed operands, partial sums. */
  readonly scratch: number;
  /** All of it. */
  readonly total: number;
  /** What no plan can do without: parameters, slots, moving statistics, frozen weights, the batch, activations. */
  readonly least: number;
  /** Intermediate values: bytes of the arena and kernels (by number) between which they are needed. */
  readonly blocks: readonly (MemoryBlock & { readonly kernel: string; readonly owner: ProfiledOwner })[];
}

/** All that a profile holds. */
export interface ProfileData {
  readonly model: string;
  readonly engine: string;
  readonly threads: number;
  readonly batchSize: number;
  /** Steps that were measured. */
  readonly steps: number;
  readonly step: ProfiledStep;
  /** In order of execution. */
  readonly kernels: readonly ProfiledKernel[];
  readonly layers: readonly ProfiledLayer[];
  readonly memory: ProfiledMemory;
  /** What the machine can do at best; undefined for an engine that cannot tell. */
  readonly machine: Roof | undefined;
}
