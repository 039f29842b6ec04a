import { checkOptions } from "../util/index.ts";
import { positive, type Schedule } from "./schedule.ts";

/** Options of {@link inverseSquareRoot}. */
export interface InverseSquareRootOptions {
  /** The highest rate, reached with the last step of the warm-up. */
  learningRate: number;
  /** Steps of the linear warm-up before; default 4000 (Vaswani et al.). */
  warmupSteps?: number | undefined;
}

/**
 * learningRate * min(n / warmupSteps, sqrt(warmupSteps / n)) for the n-th update, n from 1 (Vaswani et al., "Attention Is All You
 * Need", 2017, whose learningRate is (width * warmupSteps)^-0.5).
 *
 * @example
 * inverseSquareRoot({ learningRate: 0.1, warmupSteps: 100 }).at(399); // 0.05
 */
export function inverseSquareRoot(options: InverseSquareRootOptions): Schedule {
  checkOptions("schedules.inverseSquareRoot", options, ["learningRate", "warmupSteps"]);
  const learningRate = positive("inverseSquareRoot", "learningRate", options.learningRate);
  const warmupSteps = positive("inverseSquareRoot", "warmupSteps", options.warmupSteps ?? 4000);
  return {
    kind: "inverseSquareRoot",
    source: "Vaswani et al., 2017",
    options: { learningRate, warmupSteps },
    at: (step) => learningRate * Math.min((step + 1) / warmupSteps, Math.sqrt(warmupSteps / (step + 1))),
  };
}
