/** A layer as peers read it: name, kind and options as in a saved model, and the names of the layers that it is given. */
export interface LayerSpec {
  readonly name: string;
  readonly kind: string;
  readonly options: { readonly [name: string]: unknown };
  readonly inputs: readonly string[];
}

export interface WeightSpec {
  /** LAYER/WEIGHT. */
  readonly path: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
}

/** "crossEntropy": from logits and class numbers. "binaryCrossentropy": from probabilities and targets 0 or 1, of shape [batch, 1]. */
export type LossName = "crossEntropy" | "binaryCrossentropy";

export type OptimizerSpec =
  | { readonly kind: "adam" | "adamw"; readonly learningRate: number }
  | { readonly kind: "sgd"; readonly learningRate: number; readonly momentum: number; readonly weightDecay: number };

/** Training steps of one of the suite's networks (bench/suite/cases.ts), said so that any library can build it. */
export interface TrainingTask {
  readonly kind: "training";
  readonly name: string;
  readonly batch: number;
  /** Steps in an epoch of Descent's `fit`. */
  readonly steps: number;
  /** Of one sample. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  /** Places of one sample that have a class each: [] when the sample has one. */
  readonly places: readonly number[];
  /** Inputs are whole numbers below this; 0: numbers from 0 to 1. */
  readonly tokens: number;
  /** Without the input, each after those that it is given. */
  readonly layers: readonly LayerSpec[];
  readonly weights: readonly WeightSpec[];
  readonly loss: LossName;
  readonly optimizer: OptimizerSpec;
  /** False where libraries draw random numbers of their own (dropout) or pad in other places: losses are but similar then. */
  readonly exact: boolean;
  /** Floating point operations of one step. */
  readonly flop: number;
  /** Least bytes that a step moves: see leastBytes in bench/suite/cost.ts. */
  readonly bytes: number;
}

/** One kernel alone. Sizes by name: see bench/suite/kernels.ts. */
export interface KernelTask {
  readonly kind: "kernel";
  readonly name: string;
  readonly op: "matmul" | "conv" | "convGradients" | "softmax" | "layerNorm" | "adam";
  readonly size: { readonly [name: string]: number };
  readonly flop: number;
  readonly bytes: number;
}

export type Task = TrainingTask | KernelTask;

/** One block of steps. */
export interface Block {
  /** Milliseconds per step. */
  readonly ms: number;
  readonly steps: number;
}

/**
 * A library at work on a task. For a training, `first` holds the losses of the first steps on the task's batch, from the task's first
 * weights: every library must come to the same numbers where the task is exact. For a matrix product it holds some elements of the
 * result; for other kernels nothing.
 */
export interface Work {
  readonly first: readonly number[];
  /** What it does otherwise than the task says, for people. */
  readonly remark?: string;
  /** Runs steps for so many milliseconds; one at least. */
  block(ms: number): Promise<Block>;
  /** The loss now, of the first batch or of the last block; a kernel's is 0. */
  loss(): Promise<number>;
  /** Gives its memory back. */
  end(): Promise<void>;
}

/** A library, started. */
export interface Contestant {
  readonly name: string;
  readonly version: string;
  /** Threads that compute, as far as the library tells. */
  readonly threads: number;
  /** What else is worth knowing: how it was set up, what it lacks here. */
  readonly note: string;
  /** @throws the library's own error when it can't do the task. */
  begin(task: Task): Promise<Work>;
}

/** Steps of a training whose losses are compared; fewer, but one at least, where they take longer than FIRST_MS. */
export const FIRST_STEPS = 5;
const FIRST_MS = 4000;

/** Where the elements of a product of `rows` x `columns` lie that are compared. */
export function sampled(rows: number, columns: number): number[] {
  const size = rows * columns;
  return [0, columns - 1, Math.floor(size / 2), size - 1];
}

/** The losses of the first steps. */
export async function firstLosses(read: () => Promise<number>): Promise<number[]> {
  const begun = performance.now();
  const losses: number[] = [];
  do losses.push(await read());
  while (losses.length < FIRST_STEPS && performance.now() - begun < FIRST_MS);
  return losses;
}

/** Times steps that may or may not return a promise; `settle` waits until all that they started is done. */
export async function timeSteps(ms: number, step: () => unknown, settle?: () => Promise<unknown>): Promise<Block> {
  const begun = performance.now();
  let steps = 0;
  do {
    const working = step();
    if (working) await working;
    steps++;
  } while (performance.now() - begun < ms);
  await settle?.();
  return { ms: (performance.now() - begun) / steps, steps };
}

/** Why a library is left out of a kernel's comparison. */
export function noKernel(): never {
  throw new Error("asked for products of matrices only");
}
