/** A layer as peers read it: its kind and options, as in a saved model. */
export interface LayerSpec {
  readonly kind: string;
  readonly options: { readonly [name: string]: unknown };
}

/** Training steps of one of the suite's networks (bench/cases.ts), said so that any library can build it. */
export interface TrainingTask {
  readonly kind: "training";
  readonly name: string;
  readonly batch: number;
  /** Steps in a block. */
  readonly steps: number;
  /** Of one sample. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  /** Without the input; one after the other. */
  readonly layers: readonly LayerSpec[];
  readonly weights: readonly { readonly path: string; readonly shape: readonly number[] }[];
  /** Floating point operations of one step. */
  readonly flop: number;
}

/** The product of two square matrices. */
export interface ProductTask {
  readonly kind: "product";
  readonly name: string;
  readonly size: number;
  readonly steps: number;
  readonly flop: number;
}

export type Task = TrainingTask | ProductTask;

/** One block of steps. */
export interface Block {
  /** Milliseconds per step. */
  readonly ms: number;
  readonly steps: number;
}

/**
 * A library at work on a task. For a training, `first` holds the losses of the first steps on the task's first batch, from the task's first
 * weights: without dropout every library must come to the same numbers. For a product it holds some elements of the result.
 */
export interface Work {
  readonly first: readonly number[];
  /** Runs up to `steps` steps; fewer when they take too long. */
  block(steps: number): Promise<Block>;
  /** The loss now, of the first batch or of the last block; a product's is 0. */
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

/** Steps of a training whose losses are compared; fewer, but two at least, where they take longer than LONGEST_BLOCK_MS. */
export const FIRST_STEPS = 5;

/** Where the elements of a product lie that are compared. */
export function sampled(size: number): number[] {
  return [0, size - 1, (size * size) / 2 + 3, size * size - 1];
}

/** Slow libraries do fewer steps in a block. */
export const LONGEST_BLOCK_MS = 4000;

/** The losses of the first steps. */
export async function firstLosses(read: () => Promise<number>): Promise<number[]> {
  const begun = performance.now();
  const losses: number[] = [];
  do losses.push(await read());
  while (losses.length < 2 || (losses.length < FIRST_STEPS && performance.now() - begun < LONGEST_BLOCK_MS));
  return losses;
}

/** Times steps that may or may not return a promise; `settle` waits until all that they started is done. */
export async function timeSteps(steps: number, step: () => unknown, settle?: () => Promise<unknown>): Promise<Block> {
  const begun = performance.now();
  let done = 0;
  while (done < steps && performance.now() - begun < LONGEST_BLOCK_MS) {
    const working = step();
    if (working) await working;
    done++;
  }
  await settle?.();
  return { ms: (performance.now() - begun) / done, steps: done };
}
