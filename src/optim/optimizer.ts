import type { Tensor } from "../tensor/index.ts";
import { checkOptions, fail, show } from "../util/index.ts";
import { type Clipping, clippingOf } from "./clipping.ts";
import { type LearningRate, type Schedule, scheduleConfig, scheduleFrom } from "./schedule.ts";

/** What one update sees: the parameter, its gradient, and the optimizer's memory about it (all of one shape). */
export interface UpdateInput<Slot extends string = string> {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  readonly slots: Readonly<Record<Slot, Tensor>>;
  /** float32 scalar, already taken from the schedule. */
  readonly learningRate: Tensor;
  /** float32 scalar: the number of this update, counted from 1. */
  readonly step: Tensor;
}

/** What one update answers: the new parameter and the new memory. */
export interface UpdateOutput<Slot extends string = string> {
  readonly parameter: Tensor;
  readonly slots: Readonly<Record<Slot, Tensor>>;
}

/** A rule that moves a parameter against its gradient. */
export interface Optimizer {
  /** Registry name, such as "adam". */
  readonly kind: string;
  /** JSON that, given back to the factory, makes the same optimizer. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Name and initial value of each slot: float32 memory of the parameter's shape. */
  readonly slots: Readonly<Record<string, number>>;
  readonly learningRate: Schedule;
  readonly clipping: Clipping;
  /** True when every element is updated by itself, so that all parameters can be updated as one flat vector. */
  readonly elementwise: boolean;
  /** True when a step always uses the whole data set. */
  readonly fullBatch: boolean;
  update(input: UpdateInput): UpdateOutput;
}

/** Options that every optimizer takes. */
export interface CommonOptions extends Clipping {
  /** Step size: a positive number or a schedule. */
  learningRate?: LearningRate | undefined;
}

/** The recipe that {@link defineOptimizer} turns into an {@link Optimizer}. */
export interface OptimizerRecipe<Slot extends string> {
  kind: string;
  /** The options as given, merged over the defaults; `learningRate` and the clipping options are understood here. */
  options: CommonOptions & Record<string, unknown>;
  /** Initial value of each slot. */
  slots: Record<Slot, number>;
  /** Default true. */
  elementwise?: boolean;
  /** Default false. */
  fullBatch?: boolean;
  update(input: UpdateInput<Slot>): UpdateOutput<Slot>;
}

/** Makes an optimizer from what happens to one parameter; reads learning rate and clipping, which all share. */
export function defineOptimizer<Slot extends string>(recipe: OptimizerRecipe<Slot>): Optimizer {
  const { kind, slots, update } = recipe;
  const { learningRate, clipNorm: _n, clipValue: _v, globalClipNorm: _g, ...rest } = recipe.options;
  const schedule = scheduleFrom(learningRate ?? 0.01, `${kind}.learningRate`);
  const clipping = clippingOf(kind, recipe.options);
  return {
    kind,
    options: { learningRate: scheduleConfig(schedule), ...rest, ...clipping },
    slots,
    learningRate: schedule,
    clipping,
    elementwise: recipe.elementwise ?? true,
    fullBatch: recipe.fullBatch ?? false,
    update: (input) => update(input as UpdateInput<Slot>),
  };
}

const common = ["learningRate", "clipNorm", "clipValue", "globalClipNorm"] as const;

/** Refuses unknown options and fills in the defaults. */
export function withDefaults<T extends CommonOptions>(
  kind: string,
  options: T,
  defaults: Record<string, unknown>,
): T & Record<string, unknown> {
  checkOptions(kind, options, [...new Set([...common, ...Object.keys(defaults)])]);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { ...defaults, ...given } as T & Record<string, unknown>;
}

/** Reads a numeric option and checks its range: [minimum, maximum), or [minimum, infinity). */
export function numberOption(
  kind: string,
  name: string,
  value: unknown,
  minimum: number,
  maximum = Number.POSITIVE_INFINITY,
): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < minimum || value >= maximum) {
    const range =
      maximum === Number.POSITIVE_INFINITY ? `a number of at least ${minimum}` : `a number in [${minimum}, ${maximum})`;
    fail(`${kind}: ${name} is ${show(value)}`, range);
  }
  return value;
}
