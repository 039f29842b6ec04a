import { fail, show } from "../util/index.ts";

/** A learning rate that changes with the number of updates done. */
export interface Schedule {
  /** Registry name, such as "cosineDecay". */
  readonly kind: string;
  /** JSON that, given back to the factory, makes the same schedule. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Where the formula comes from. */
  readonly source: string;
  /** The learning rate of the update after `step` updates have been done (0 for the first). */
  at(step: number): number;
}

/** A number, a schedule, a schedule's JSON `{ kind, ...options }`, or a plain function of the 0-based step. */
export type LearningRate = number | Schedule | ScheduleConfig | ((step: number) => number);

/** A schedule as JSON. */
export type ScheduleConfig = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** A positive number of a schedule's options. */
export function positive(kind: string, name: string, value: number): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    fail(`schedules.${kind}: ${name} is ${show(value)}`, "a positive number");
  }
  return value;
}

/** True or false; fails for anything else. */
export function flag(kind: string, name: string, value: unknown): boolean {
  if (typeof value !== "boolean") fail(`schedules.${kind}: ${name} is ${show(value)}`, "true or false");
  return value;
}

/** A fraction of a schedule's options, in [0, 1]. */
export function fraction(kind: string, name: string, value: number): number {
  if (!(value >= 0 && value <= 1)) fail(`schedules.${kind}: ${name} is ${show(value)}`, "a fraction in [0, 1]");
  return value;
}
