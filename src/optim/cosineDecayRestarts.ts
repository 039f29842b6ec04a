import { checkOptions, fail } from "../util/index.ts";
import { fraction, positive, type Schedule } from "./schedule.ts";

/** Options of {@link cosineDecayRestarts}. */
export interface CosineDecayRestartsOptions {
  /** Learning rate of the first step. */
  learningRate: number;
  /** Steps of the first period. */
  firstDecaySteps: number;
  /** How much longer each period is than the one before; default 2 (Keras `CosineDecayRestarts`). */
  tMul?: number | undefined;
  /** What each period's first rate is, as a part of the one before; default 1 (Keras). */
  mMul?: number | undefined;
  /** The lowest rate as a part of the highest; default 0 (Keras). */
  alpha?: number | undefined;
}

/**
 * Cosine decay that begins anew at the end of each period (Loshchilov and Hutter, "SGDR", 2017; Keras's `CosineDecayRestarts`;
 * with tMul and mMul 1, PyTorch's `CosineAnnealingWarmRestarts`).
 *
 * @example
 * cosineDecayRestarts({ learningRate: 0.1, firstDecaySteps: 10 }).at(10); // 0.1
 */
export function cosineDecayRestarts(options: CosineDecayRestartsOptions): Schedule {
  const names = ["learningRate", "firstDecaySteps", "tMul", "mMul", "alpha"];
  checkOptions("schedules.cosineDecayRestarts", options, names);
  const learningRate = positive("cosineDecayRestarts", "learningRate", options.learningRate);
  const firstDecaySteps = positive("cosineDecayRestarts", "firstDecaySteps", options.firstDecaySteps);
  const tMul = positive("cosineDecayRestarts", "tMul", options.tMul ?? 2);
  const mMul = positive("cosineDecayRestarts", "mMul", options.mMul ?? 1);
  const alpha = fraction("cosineDecayRestarts", "alpha", options.alpha ?? 0);
  if (tMul < 1) fail(`schedules.cosineDecayRestarts: tMul is ${tMul}`, "a number of at least 1");
  return {
    kind: "cosineDecayRestarts",
    source: "Loshchilov and Hutter, 2017",
    options: { learningRate, firstDecaySteps, tMul, mMul, alpha },
    at(step) {
      // Period k begins at firstDecaySteps * (tMul^k - 1) / (tMul - 1). The small number: a whole quotient may be rounded down.
      const done = step / firstDecaySteps;
      const period = Math.floor((tMul === 1 ? done : Math.log1p(done * (tMul - 1)) / Math.log(tMul)) + 1e-12);
      const begin = tMul === 1 ? period : (tMul ** period - 1) / (tMul - 1);
      const progress = Math.min(1, Math.max(0, (done - begin) / tMul ** period));
      const cosine = 0.5 * mMul ** period * (1 + Math.cos(Math.PI * progress));
      return learningRate * ((1 - alpha) * cosine + alpha);
    },
  };
}
