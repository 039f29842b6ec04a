import type { TrainingTask } from "./task.ts";

/** `length` numbers from `low` to `high`, the same for a seed everywhere: a linear congruence, mixed. */
export function between(seed: number, length: number, low: number, high: number): Float32Array {
  const numbers = new Float32Array(length);
  let state = (seed * 0x9e3779b9) >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    numbers[i] = low + (high - low) * (((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32);
  }
  return numbers;
}

const product = (shape: readonly number[]) => shape.reduce((size, axis) => size * axis, 1);

/** First weights: kernels as Glorot and Bengio draw them (uniform), biases 0. */
export function firstWeights(task: TrainingTask): Record<string, Float32Array> {
  return Object.fromEntries(
    task.weights.map(({ path, shape }, i) => {
      if (shape.length < 2) return [path, new Float32Array(product(shape))];
      const field = product(shape.slice(0, -2));
      const limit = Math.sqrt(6 / (field * ((shape.at(-2) ?? 1) + (shape.at(-1) ?? 1))));
      return [path, between(100 + i, product(shape), -limit, limit)];
    }),
  );
}

/** Inputs [0, 1) and class numbers of `samples` samples; the first batch is the same however many there are. */
export function samplesOf(task: TrainingTask, samples: number): { x: Float32Array; y: Int32Array } {
  const x = between(1, samples * product(task.inputShape), 0, 1);
  const y = Int32Array.from(between(2, samples, 0, task.classes), (value) =>
    Math.min(Math.floor(value), task.classes - 1),
  );
  return { x, y };
}

/** Class numbers as rows of zeros with a one. */
export function oneHot(classes: Int32Array, count: number): Float32Array {
  const rows = new Float32Array(classes.length * count);
  classes.forEach((label, row) => {
    rows[row * count + label] = 1;
  });
  return rows;
}

/** The two factors of a product. */
export function factors(size: number): [Float32Array, Float32Array] {
  return [between(3, size * size, -1, 1), between(4, size * size, -1, 1)];
}
