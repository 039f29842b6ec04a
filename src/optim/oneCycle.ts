import { checkOptions, fail, show } from "../util/index.ts";
import { fraction, positive, type Schedule } from "./schedule.ts";

/** Options of {@link oneCycle}. */
export interface OneCycleOptions {
  /** The highest rate: what a learning-rate finder is asked for. */
  maxLearningRate: number;
  /** Steps of the whole training; afterwards the last rate stays. */
  steps: number;
  /** Part of the steps in which the rate rises; default 0.3 (PyTorch `OneCycleLR`). */
  rise?: number | undefined;
  /** The first rate is the highest divided by this; default 25 (PyTorch). */
  divideBy?: number | undefined;
  /** The last rate is the first divided by this; default 10000 (PyTorch). */
  finallyDivideBy?: number | undefined;
  /** Default "cosine" (PyTorch). */
  shape?: "cosine" | "linear" | undefined;
}

/**
 * The 1cycle policy (Smith and Topin, "Super-Convergence", 2018), as PyTorch's `OneCycleLR`: up to the highest rate, then down to
 * far below the first.
 *
 * @example
 * oneCycle({ maxLearningRate: 0.1, steps: 101, rise: 0.5 }).at(49.5); // 0.1
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const names = ["maxLearningRate", "steps", "rise", "divideBy", "finallyDivideBy", "shape"];
  checkOptions("schedules.oneCycle", options, names);
  const maxLearningRate = positive("oneCycle", "maxLearningRate", options.maxLearningRate);
  const steps = positive("oneCycle", "steps", options.steps);
  const rise = fraction("oneCycle", "rise", options.rise ?? 0.3);
  const divideBy = positive("oneCycle", "divideBy", options.divideBy ?? 25);
  const finallyDivideBy = positive("oneCycle", "finallyDivideBy", options.finallyDivideBy ?? 10000);
  const { shape = "cosine" } = options;
  if (shape !== "cosine" && shape !== "linear")
    fail(`schedules.oneCycle: shape is ${show(shape)}`, '"cosine" or "linear"');
  const first = maxLearningRate / divideBy;
  const last = first / finallyDivideBy;
  const top = rise * steps - 1; // PyTorch's step of the highest rate, which may be a fraction
  const between = (a: number, b: number, part: number) =>
    shape === "linear" ? a + (b - a) * part : b + ((a - b) / 2) * (1 + Math.cos(Math.PI * part));
  return {
    kind: "oneCycle",
    source: "Smith and Topin, 2018",
    options: { maxLearningRate, steps, rise, divideBy, finallyDivideBy, shape },
    at(step) {
      if (step >= steps - 1) return last;
      if (step <= top) return between(first, maxLearningRate, step / top);
      return between(maxLearningRate, last, (step - top) / (steps - 1 - top));
    },
  };
}
