import { checkOptions, fail, show, unknownName } from "../util/index.ts";
import * as formulas from "./formulas.ts";
import { fraction, type LearningRate, positive, type Schedule, type ScheduleConfig } from "./schedule.ts";

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
  const from = fraction("warmup", "from", options.from ?? 0);
  const goal = scheduleFrom(options.learningRate, "schedules.warmup: learningRate");
  return {
    kind: "warmup",
    source: "Goyal et al., 2017",
    options: { steps, from, learningRate: scheduleConfig(goal) },
    at: (step) => (step < steps ? goal.at(0) * (from + ((1 - from) * (step + 1)) / steps) : goal.at(step - steps)),
  };
}

const factories = new Map<string, (options: never) => Schedule>([...Object.entries(formulas), ["warmup", warmup]]);

/** Names of the known schedules. */
export const scheduleNames: readonly string[] = [...factories.keys()];

/** Reads a learning rate in any of its forms. */
export function scheduleFrom(rate: LearningRate, where: string): Schedule {
  if (typeof rate === "number") {
    if (!Number.isFinite(rate) || rate <= 0) fail(`${where} is ${rate}`, "a positive number or a schedule");
    return formulas.constant({ learningRate: rate });
  }
  if (typeof rate === "function") {
    const at = (step: number) => {
      const value: unknown = rate(step);
      if (typeof value === "number" && Number.isFinite(value)) return value;
      return fail(`${where} of step ${step} is ${show(value)}`, "a number");
    };
    return { kind: "custom", source: "yours", options: {}, at };
  }
  if (rate && typeof rate === "object") {
    if (isSchedule(rate)) return rate;
    const { kind, ...options } = rate;
    const factory = factories.get(String(kind));
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
