import { checkOptions } from "../util/index.ts";
import { flag, positive, type Schedule } from "./schedule.ts";

/** Options of {@link polynomialDecay}. */
export interface PolynomialDecayOptions {
  /** Learning rate of the first step. */
  learningRate: number;
  /** Steps until `endLearningRate` is reached; it stays there. */
  decaySteps: number;
  /** Default 0.0001 (Keras `PolynomialDecay`). */
  endLearningRate?: number | undefined;
  /** Default 1, a straight line (Keras). */
  power?: number | undefined;
  /** Begin anew, over one `decaySteps` more each time, instead of staying at the end; default false (Keras). */
  cycle?: boolean | undefined;
}

/**
 * (learningRate - end) * (1 - step / decaySteps)^power + end, as Keras's `PolynomialDecay`.
 *
 * @example
 * polynomialDecay({ learningRate: 0.1, decaySteps: 100, endLearningRate: 0.02 }).at(50); // 0.06
 */
export function polynomialDecay(options: PolynomialDecayOptions): Schedule {
  const names = ["learningRate", "decaySteps", "endLearningRate", "power", "cycle"];
  checkOptions("schedules.polynomialDecay", options, names);
  const learningRate = positive("polynomialDecay", "learningRate", options.learningRate);
  const decaySteps = positive("polynomialDecay", "decaySteps", options.decaySteps);
  const endLearningRate = positive("polynomialDecay", "endLearningRate", options.endLearningRate ?? 0.0001);
  const power = positive("polynomialDecay", "power", options.power ?? 1);
  const cycle = flag("polynomialDecay", "cycle", options.cycle ?? false);
  return {
    kind: "polynomialDecay",
    source: "Keras PolynomialDecay",
    options: { learningRate, decaySteps, endLearningRate, power, cycle },
    at(step) {
      const steps = cycle ? decaySteps * Math.max(1, Math.ceil(step / decaySteps)) : decaySteps;
      const rest = 1 - Math.min(step, steps) / steps;
      return (learningRate - endLearningRate) * rest ** power + endLearningRate;
    },
  };
}
