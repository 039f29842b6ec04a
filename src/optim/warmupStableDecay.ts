import { checkOptions, fail, show } from "../util/index.ts";
import { fraction, positive, type Schedule } from "./schedule.ts";

/** Options of {@link warmupStableDecay}. */
export interface WarmupStableDecayOptions {
  /** The rate between warm-up and decay. */
  learningRate: number;
  /** Steps of the linear warm-up, the last of which has the full rate; 0 for none. */
  warmupSteps: number;
  /** Steps at the full rate after it. */
  stableSteps: number;
  /** Steps of the decay, until the lowest rate is reached; it stays there. */
  decaySteps: number;
  /** The lowest rate as a part of the full one; default 0. */
  alpha?: number | undefined;
  /** Default "linear"; "cosine", or "squareRoot": 1 - sqrt(part) (Hägele et al., 2024). */
  shape?: "linear" | "cosine" | "squareRoot" | undefined;
}

/**
 * Warm-up, stable, decay (Hu et al., "MiniCPM", 2024; Zhai et al., 2022): all the time at one rate, and a short decay when the
 * training is to end.
 *
 * @example
 * warmupStableDecay({ learningRate: 0.1, warmupSteps: 10, stableSteps: 80, decaySteps: 10 }).at(95); // 0.05
 */
export function warmupStableDecay(options: WarmupStableDecayOptions): Schedule {
  const names = ["learningRate", "warmupSteps", "stableSteps", "decaySteps", "alpha", "shape"];
  checkOptions("schedules.warmupStableDecay", options, names);
  const learningRate = positive("warmupStableDecay", "learningRate", options.learningRate);
  const { warmupSteps, stableSteps, shape = "linear" } = options;
  for (const [name, steps] of Object.entries({ warmupSteps, stableSteps })) {
    if (!(steps >= 0)) fail(`schedules.warmupStableDecay: ${name} is ${show(steps)}`, "a number of steps, 0 or more");
  }
  const decaySteps = positive("warmupStableDecay", "decaySteps", options.decaySteps);
  const alpha = fraction("warmupStableDecay", "alpha", options.alpha ?? 0);
  const curve = curves[shape];
  if (!curve) fail(`schedules.warmupStableDecay: shape is ${show(shape)}`, `one of ${Object.keys(curves).join(", ")}`);
  return {
    kind: "warmupStableDecay",
    source: "Hu et al., 2024",
    options: { learningRate, warmupSteps, stableSteps, decaySteps, alpha, shape },
    at(step) {
      if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
      const part = Math.min(1, Math.max(0, (step - warmupSteps - stableSteps) / decaySteps));
      return learningRate * ((1 - alpha) * curve(part) + alpha);
    },
  };
}

/** From 1 to 0 as `part` goes from 0 to 1. */
const curves: Readonly<Record<string, (part: number) => number>> = {
  linear: (part) => 1 - part,
  cosine: (part) => 0.5 * (1 + Math.cos(Math.PI * part)),
  squareRoot: (part) => 1 - Math.sqrt(part),
};
