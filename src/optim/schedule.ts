import { checkOptions, fail, show, unknownName } from "../util/index.ts";

/** A learning rate that changes with the number of updates done. */
export interface Schedule {
  /** Registry name, such as "cosineDecay". */
  readonly kind: string;
  /** JSON that, given back to the factory, makes the same schedule. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The learning rate of the update after `step` updates have been done (0 for the first). */
  at(step: number): number;
}

/** A number, a schedule, a schedule's JSON `{ kind, ...options }`, or a plain function of the 0-based step. */
export type LearningRate = number | Schedule | ScheduleConfig | ((step: number) => number);

/** A schedule as JSON. */
export type ScheduleConfig = { readonly kind: string } & Readonly<Record<string, unknown>>;

/**
 * The same learning rate at every step.
 *
 * @example
 * constant({ learningRate: 0.1 }).at(1000); // 0.1
 */
export function constant(options: { learningRate: number }): Schedule {
  checkOptions("schedules.constant", options, ["learningRate"]);
  const learningRate = positive("constant", "learningRate", options.learningRate);
  return { kind: "constant", options: { learningRate }, at: () => learningRate };
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
  const { staircase = false } = options;
  return {
    kind: "exponentialDecay",
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
  const { alpha = 0 } = options;
  if (!(alpha >= 0 && alpha <= 1)) fail(`schedules.cosineDecay: alpha is ${alpha}`, "a fraction in [0, 1]");
  return {
    kind: "cosineDecay",
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
    options: { boundaries: [...boundaries], values: [...values] },
    at(step) {
      const place = boundaries.findIndex((boundary: number) => step <= boundary);
      return values[place === -1 ? values.length - 1 : place];
    },
  };
}

/** Options of {@link warmup}. */
export interface WarmupOptions {
  /** The rate to reach, or the schedule that follows; its step 0 is the first step after the warmup. */
  learningRate: LearningRate;
  /** Number of warmup steps. */
  steps: number;
  /** The rate that the ramp starts above, as a fraction of the one it reaches; default 0 (Goyal et al., 2017). */
  from?: number | undefined;
}

/**
 * Rises linearly, reaching the (first) `learningRate` with its last step, and goes on with that
 * (Goyal et al., "Accurate, Large Minibatch SGD", 2017: gradual warmup).
 *
 * @example
 * warmup({ steps: 5, learningRate: 0.1 }).at(0); // 0.02
 */
export function warmup(options: WarmupOptions): Schedule {
  checkOptions("schedules.warmup", options, ["learningRate", "steps", "from"]);
  const steps = positive("warmup", "steps", options.steps);
  const { from = 0 } = options;
  if (!(from >= 0 && from <= 1)) fail(`schedules.warmup: from is ${from}`, "a fraction in [0, 1]");
  const goal = scheduleFrom(options.learningRate, "schedules.warmup: learningRate");
  return {
    kind: "warmup",
    options: { steps, from, learningRate: scheduleConfig(goal) },
    at: (step) => (step < steps ? goal.at(0) * (from + ((1 - from) * (step + 1)) / steps) : goal.at(step - steps)),
  };
}

const factories: Record<string, (options: never) => Schedule> = {
  constant,
  exponentialDecay,
  cosineDecay,
  stepDecay,
  piecewiseConstant,
  warmup,
};

/** Names of the known schedules. */
export const scheduleNames: readonly string[] = Object.keys(factories);

/** Reads a learning rate in any of its forms. */
export function scheduleFrom(rate: LearningRate, where: string): Schedule {
  if (typeof rate === "number") {
    if (!Number.isFinite(rate) || rate <= 0) fail(`${where} is ${rate}`, "a positive number or a schedule");
    return constant({ learningRate: rate });
  }
  if (typeof rate === "function") return { kind: "custom", options: {}, at: rate };
  if (rate && typeof rate === "object") {
    if (isSchedule(rate)) return rate;
    const { kind, ...options } = rate;
    const factory = Object.hasOwn(factories, String(kind)) ? factories[String(kind)] : undefined;
    if (!factory) unknownName("schedule", String(kind), scheduleNames);
    return factory(options as never);
  }
  fail(`${where} is ${show(rate)}`, "a positive number or a schedule");
}

/** The JSON of a schedule: a number for a constant one. */
export function scheduleConfig(schedule: Schedule): number | ScheduleConfig {
  if (schedule.kind === "constant") return schedule.options.learningRate as number;
  return { kind: schedule.kind, ...schedule.options };
}

function isSchedule(rate: Schedule | ScheduleConfig): rate is Schedule {
  return typeof rate.at === "function";
}

function positive(kind: string, name: string, value: number): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    fail(`schedules.${kind}: ${name} is ${show(value)}`, "a positive number");
  }
  return value;
}
