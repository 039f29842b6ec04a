import { checkOptions, fail } from "../util/index.ts";
import { flag, fraction, positive, type Schedule } from "./schedule.ts";

/**
 * The same learning rate at every step.
 *
 * @example
 * constant({ learningRate: 0.1 }).at(1000); // 0.1
 */
export function constant(options: { learningRate: number }): Schedule {
  checkOptions("schedules.constant", options, ["learningRate"]);
  const learningRate = positive("constant", "learningRate", options.learningRate);
  return { kind: "constant", source: "Robbins and Monro, 1951", options: { learningRate }, at: () => learningRate };
}

/** Options of {@link exponentialDecay}. */
export interface ExponentialDecayOptions {
  /** Learning rate of the first step. */
  learningRate: number;
  /** After this many steps the rate has been multiplied once by `decayRate`. */
  decaySteps: number;
  decayRate: number;
  /** Decay in jumps instead of smoothly; default false (Keras `ExponentialDecay`). */
  staircase?: boolean | undefined;
}

/**
 * learningRate * decayRate ^ (step / decaySteps), as Keras's `ExponentialDecay`.
 *
 * @example
 * exponentialDecay({ learningRate: 0.1, decaySteps: 100, decayRate: 0.5 }).at(200); // 0.025
 */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  checkOptions("schedules.exponentialDecay", options, ["learningRate", "decaySteps", "decayRate", "staircase"]);
  const learningRate = positive("exponentialDecay", "learningRate", options.learningRate);
  const decaySteps = positive("exponentialDecay", "decaySteps", options.decaySteps);
  const decayRate = positive("exponentialDecay", "decayRate", options.decayRate);
  const staircase = flag("exponentialDecay", "staircase", options.staircase ?? false);
  return {
    kind: "exponentialDecay",
    source: "Keras ExponentialDecay",
    options: { learningRate, decaySteps, decayRate, staircase },
    at(step) {
      const decays = step / decaySteps;
      return learningRate * decayRate ** (staircase ? Math.floor(decays) : decays);
    },
  };
}

/** Options of {@link cosineDecay}. */
export interface CosineDecayOptions {
  /** Learning rate of the first step. */
  learningRate: number;
  /** Steps until the lowest rate is reached; it stays there. */
  decaySteps: number;
  /** The lowest rate as a fraction of the first; default 0 (Keras `CosineDecay`). */
  alpha?: number | undefined;
}

/**
 * Half a cosine from `learningRate` down to `alpha * learningRate`
 * (Loshchilov and Hutter, "SGDR", 2017, without restarts; Keras's `CosineDecay`).
 *
 * @example
 * cosineDecay({ learningRate: 0.1, decaySteps: 100 }).at(50); // 0.05
 */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  checkOptions("schedules.cosineDecay", options, ["learningRate", "decaySteps", "alpha"]);
  const learningRate = positive("cosineDecay", "learningRate", options.learningRate);
  const decaySteps = positive("cosineDecay", "decaySteps", options.decaySteps);
  const alpha = fraction("cosineDecay", "alpha", options.alpha ?? 0);
  return {
    kind: "cosineDecay",
    source: "Loshchilov and Hutter, 2017",
    options: { learningRate, decaySteps, alpha },
    at(step) {
      const progress = Math.min(step, decaySteps) / decaySteps;
      const cosine = 0.5 * (1 + Math.cos(Math.PI * progress));
      return learningRate * ((1 - alpha) * cosine + alpha);
    },
  };
}

/** Options of {@link stepDecay}. */
export interface StepDecayOptions {
  /** Learning rate of the first step. */
  learningRate: number;
  /** Steps between two drops. */
  decaySteps: number;
  /** Factor of each drop; default 0.1 (PyTorch `StepLR`'s gamma). */
  decayRate?: number | undefined;
}

/**
 * learningRate * decayRate ^ floor(step / decaySteps), as PyTorch's `StepLR` counted in steps.
 *
 * @example
 * stepDecay({ learningRate: 1, decaySteps: 30 }).at(59); // 0.1
 */
export function stepDecay(options: StepDecayOptions): Schedule {
  checkOptions("schedules.stepDecay", options, ["learningRate", "decaySteps", "decayRate"]);
  const learningRate = positive("stepDecay", "learningRate", options.learningRate);
  const decaySteps = positive("stepDecay", "decaySteps", options.decaySteps);
  const decayRate = positive("stepDecay", "decayRate", options.decayRate ?? 0.1);
  return {
    kind: "stepDecay",
    source: "PyTorch StepLR",
    options: { learningRate, decaySteps, decayRate },
    at: (step) => learningRate * decayRate ** Math.floor(step / decaySteps),
  };
}

/** Options of {@link piecewiseConstant}. */
export interface PiecewiseConstantOptions {
  /** Rising step numbers; the rate changes after each. */
  boundaries: readonly number[];
  /** One rate more than there are boundaries. */
  values: readonly number[];
}

/**
 * values[0] up to and including step boundaries[0], then values[1], ... (Keras's `PiecewiseConstantDecay`).
 *
 * @example
 * piecewiseConstant({ boundaries: [100, 200], values: [0.1, 0.01, 0.001] }).at(150); // 0.01
 */
export function piecewiseConstant(options: PiecewiseConstantOptions): Schedule {
  checkOptions("schedules.piecewiseConstant", options, ["boundaries", "values"]);
  const { boundaries, values } = options;
  if (!Array.isArray(boundaries) || !Array.isArray(values) || values.length !== boundaries.length + 1) {
    fail(
      `schedules.piecewiseConstant got ${boundaries?.length} boundaries and ${values?.length} values`,
      "one value more than boundaries",
    );
  }
  boundaries.forEach((boundary: number, i: number) => {
    if (!Number.isFinite(boundary) || (i > 0 && boundary <= (boundaries[i - 1] ?? 0))) {
      fail(`schedules.piecewiseConstant: boundaries are ${boundaries.join(", ")}`, "rising numbers");
    }
  });
  for (const value of values) positive("piecewiseConstant", "values", value);
  return {
    kind: "piecewiseConstant",
    source: "Keras PiecewiseConstantDecay",
    options: { boundaries: [...boundaries], values: [...values] },
    at(step) {
      const place = boundaries.findIndex((boundary: number) => step <= boundary);
      return values[place === -1 ? values.length - 1 : place];
    },
  };
}
