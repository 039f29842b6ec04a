import {
  averagePool,
  compile,
  conv,
  gradients,
  maxPool,
  type RandomKey,
  randomKey,
  type Tensor,
  where,
} from "../../tensor/index.ts";
import { oneLine } from "../exit.ts";

/** How one small program came out on an engine, compared with the reference. */
export interface TrialResult {
  name: string;
  passed: boolean;
  /** Largest difference, relative to the largest value of the reference. */
  error: number;
  /** Why it failed, when it did. */
  problem?: string;
}

interface Trial {
  name: string;
  inputs: Tensor[];
  run: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
}

/** float32 against float64, over sums of at most a few hundred terms. */
const TOLERANCE = 1e-5;

/** Small programs that together use every kind of kernel: elementwise, reductions, products, windows, gathers, random. */
function trials(key: RandomKey): Trial[] {
  const normal = (use: number, ...shape: number[]) => key.fold(use).normal(shape);
  return [
    {
      name: "elementwise",
      inputs: [normal(1, 37, 19), normal(2, 19)],
      run: (x, row) => where(x.less(row), x.tanh().add(row.exp()), x.mul(row).erf().sub(x.abs().log1p())),
    },
    {
      name: "reductions",
      inputs: [normal(3, 23, 65)],
      run: (x) => [
        x.mean(),
        x.std({ axis: 0 }),
        x.max({ axis: 1 }),
        x.argmin({ axis: 1 }).cast("float32"),
        x.softmax(),
      ],
    },
    {
      name: "matrix products",
      inputs: [normal(4, 70, 131), normal(5, 131, 45), normal(6, 3, 45, 17)],
      run: (a, b, batch) => [a.matmul(b).relu(), b.transpose().matmul(a.transpose()), a.matmul(b).matmul(batch)],
    },
    {
      name: "convolution",
      inputs: [normal(7, 3, 13, 11, 4), normal(8, 3, 3, 4, 6), normal(9, 3, 3, 2, 6)],
      run: (x, w, grouped) => [
        conv(x, w, { padding: "same", strides: 2 }),
        conv(x, grouped, { groups: 2, dilation: 2, padding: "valid" }),
      ],
    },
    {
      name: "pooling",
      inputs: [normal(10, 2, 9, 9, 3)],
      run: (x) => [maxPool(x, { size: 2 }), averagePool(x, { size: 3, strides: 2, padding: "same" })],
    },
    {
      name: "gather and views",
      inputs: [normal(11, 8, 5), key.fold(12).integers([6], { min: 0, max: 8 })],
      run: (x, rows) => [x.take(rows), rows.oneHot(8), x.flip(1).slice([1, 7, 2]).pad([[1, 1], [0, 2]])], // biome-ignore format: one line a trial
    },
    {
      name: "random numbers",
      inputs: [key.tensor],
      run: () => [key.fold(13).uniform([1000]), key.fold(14).normal([1000])],
    },
    {
      name: "training step",
      inputs: [
        normal(15, 32, 20),
        normal(16, 20, 12),
        normal(17, 12, 5),
        key.fold(18).integers([32], { min: 0, max: 5 }),
      ],
      run: (x, w1, w2, labels) => {
        const scores = x.matmul(w1).relu().matmul(w2).logSoftmax();
        const loss = scores.mul(labels.oneHot(5)).sum({ axis: 1 }).mean().neg();
        return [loss, ...gradients(loss, [w1, w2]).map((slope, i) => (i === 0 ? w1 : w2).sub(slope.mul(0.1)))];
      },
    },
  ];
}

/** Runs small programs on `engine` and on the reference and compares all that they give. */
export function selfTest(engine: string): Promise<TrialResult[]> {
  return Promise.all(trials(randomKey(2024)).map((trial) => compare(trial, engine)));
}

async function compare(trial: Trial, engine: string): Promise<TrialResult> {
  const { name } = trial;
  try {
    const error = relativeError(await valuesOf(trial, engine), await valuesOf(trial, "reference"));
    if (error <= TOLERANCE) return { name, passed: true, error };
    return { name, passed: false, error, problem: `differs by ${error.toExponential(1)}, allowed ${TOLERANCE}` };
  } catch (error) {
    return { name, passed: false, error: Number.NaN, problem: oneLine(error) };
  }
}

async function valuesOf({ inputs, run }: Trial, engine: string): Promise<ArrayLike<number>[]> {
  const given = await compile((...args: Tensor[]) => flat(run(...args)), { engine })(...inputs);
  return Promise.all(given.map((tensor) => tensor.data()));
}

function flat(result: Tensor | readonly Tensor[]): readonly Tensor[] {
  return "shape" in result ? [result] : result;
}

function relativeError(found: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): number {
  let worst = 0;
  expected.forEach((list, k) => {
    const other = found[k] ?? [];
    if (other.length !== list.length) worst = Number.POSITIVE_INFINITY;
    let largest = 1e-30;
    let apart = 0;
    for (let i = 0; i < list.length; i++) {
      const value = list[i] ?? Number.NaN;
      const difference = Math.abs(value - (other[i] ?? Number.NaN));
      largest = Math.max(largest, Math.abs(value));
      apart = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(apart, difference);
    }
    worst = Math.max(worst, apart / largest);
  });
  return worst;
}
