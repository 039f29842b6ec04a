import type { TrainingTask } from "./task.ts";

/** `length` numbers from `low` to `high`, the same for a seed everywhere: a linear congruence, mixed. */
export function between(seed: number, length: number, low: number, high: number): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(length);
  let state = (seed * 0x9e3779b9) >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    numbers[i] = low + (high - low) * (((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32);
  }
  return numbers;
}

export const product = (shape: readonly number[]) => shape.reduce((size, axis) => size * axis, 1);

/** First weights: kernels as Glorot and Bengio draw them (uniform), scales and variances 1, all else 0. */
export function firstWeights(task: TrainingTask): Record<string, Float32Array<ArrayBuffer>> {
  return Object.fromEntries(
    task.weights.map(({ path, shape }, i) => {
      if (shape.length < 2) return [path, new Float32Array(product(shape)).fill(/gamma|variance/i.test(path) ? 1 : 0)];
      const field = product(shape.slice(0, -2));
      const limit = Math.sqrt(6 / (field * ((shape.at(-2) ?? 1) + (shape.at(-1) ?? 1))));
      return [path, between(100 + i, product(shape), -limit, limit)];
    }),
  );
}

/** The batch: inputs [0, 1), or tokens, and class numbers. */
export function samplesOf(task: TrainingTask): { x: Float32Array<ArrayBuffer>; y: Int32Array<ArrayBuffer> } {
  const { tokens } = task;
  const drawn = between(1, task.batch * product(task.inputShape), 0, tokens || 1);
  const x = tokens > 0 ? drawn.map((value) => Math.min(Math.floor(value), tokens - 1)) : drawn;
  const y = Int32Array.from(between(2, task.batch * product(task.places), 0, task.classes), (value) =>
    Math.min(Math.floor(value), task.classes - 1),
  );
  return { x, y };
}

/** The same numbers `times` times over. */
export function repeated(values: Float32Array, times: number): Float32Array<ArrayBuffer> {
  const all = new Float32Array(values.length * times);
  for (let i = 0; i < times; i++) all.set(values, i * values.length);
  return all;
}

/** Class numbers as rows of zeros with a one. */
export function oneHot(classes: Int32Array, count: number): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(classes.length * count);
  classes.forEach((label, row) => {
    rows[row * count + label] = 1;
  });
  return rows;
}

/** The two factors of a product of `rows` x `depth` by `depth` x `columns`. */
export function factors(rows: number, columns: number, depth: number): [Float32Array, Float32Array] {
  return [between(3, rows * depth, -1, 1), between(4, depth * columns, -1, 1)];
}
