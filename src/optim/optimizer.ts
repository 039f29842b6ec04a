import type { RandomKey, Tensor } from "../tensor/index.ts";
import { checkOptions, fail, show } from "../util/index.ts";
import { type Clipping, clippingOf, type Segment } from "./clipping.ts";
import type { LearningRate, Schedule } from "./schedule.ts";
import { scheduleConfig, scheduleFrom } from "./schedule-registry.ts";

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

/** What the update of a whole model sees: all parameters as one flat vector, and how to look at the loss again. */
export interface ModelUpdateInput<Slot extends string = string> extends UpdateInput<Slot> {
  /** The weights in the flat vector, in order and without gaps. */
  readonly segments: readonly Segment[];
  /** float32 [parameters]: where `gradient` was taken; `parameter` itself, unless the optimizer names another point. */
  readonly point: Tensor;
  /** The gradient of the same batch's loss at another point; the step computes forward and backward once more for it. */
  readonly gradientAt: (point: Tensor) => Tensor;
  /** Random numbers of this step; undefined outside of training. */
  readonly key: RandomKey | undefined;
}

/** What tells where the gradient of a step is to be taken; shapes as in {@link ModelUpdateInput}. */
export interface PointInput<Slot extends string = string> {
  readonly parameter: Tensor;
  readonly slots: Readonly<Record<Slot, Tensor>>;
  readonly step: Tensor;
}

/**
 * What a rule needs to see at once: single elements of the flat vector of parameters, whole weights in their own shape
 * (matrices), or the whole model (norms over everything, the loss once more).
 */
export type Reach = "elements" | "weights" | "model";

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
  /** Where the equation comes from. */
  readonly source: string;
  /** What `update` is given at once: the flat vector ("elements", "model") or weight by weight ("weights"). */
  readonly reach: Reach;
  /** True when a step always uses the whole data set. */
  readonly fullBatch: boolean;
  /** True when it asks for the gradient at a second point. */
  readonly looksAgain: boolean;
  /** The optimizer that this one wraps. */
  readonly inner?: Optimizer | undefined;
  /**
   * Where the gradient is taken, when that is not at the parameters: the parameters are then an average, for evaluation
   * and saving, and what is trained lies in slots.
   */
  readonly point?: ((input: PointInput) => Tensor) | undefined;
  /** Refuses a model that the options do not fit. */
  readonly check?: ((segments: readonly Segment[]) => void) | undefined;
  /** One step of the rule; what reaches "elements" needs no more than {@link UpdateInput}. See `applyOptimizer`. */
  update(input: UpdateInput | ModelUpdateInput): UpdateOutput;
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
  /** Where the equation comes from: a short citation. */
  source: string;
  /** Initial value of each slot. */
  slots: Record<Slot, number>;
  /** Default "elements". */
  reach?: Reach;
  /** Default false. */
  fullBatch?: boolean;
  /** Default false. */
  looksAgain?: boolean;
  /** Default: the parameters. */
  point?: (input: PointInput<Slot>) => Tensor;
  update(input: ModelUpdateInput<Slot>): UpdateOutput<Slot>;
}

/** Makes an optimizer from what happens to one parameter; reads learning rate and clipping, which all share. */
export function defineOptimizer<Slot extends string>(recipe: OptimizerRecipe<Slot>): Optimizer {
  const { kind, source, slots, point, update } = recipe;
  const { learningRate, clipNorm: _n, clipValue: _v, globalClipNorm: _g, ...rest } = recipe.options;
  const schedule = scheduleFrom(learningRate ?? 0.01, `${kind}.learningRate`);
  const clipping = clippingOf(kind, recipe.options);
  return {
    kind,
    options: { learningRate: scheduleConfig(schedule), ...rest, ...clipping },
    slots,
    learningRate: schedule,
    clipping,
    source,
    reach: recipe.reach ?? "elements",
    fullBatch: recipe.fullBatch ?? false,
    looksAgain: recipe.looksAgain ?? false,
    point: point && ((input) => point(input as PointInput<Slot>)),
    update: (input) => update(input as ModelUpdateInput<Slot>),
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
      minimum === Number.MIN_VALUE && maximum === Number.POSITIVE_INFINITY
        ? "a positive number"
        : maximum === Number.POSITIVE_INFINITY
          ? `a number of at least ${minimum}`
          : `a number in [${minimum}, ${maximum})`;
    fail(`${kind}: ${name} is ${show(value)}`, range);
  }
  return value;
}

/** Reads an option that is on or off. */
export function flagOption(kind: string, name: string, value: unknown): boolean {
  if (typeof value !== "boolean") fail(`${kind}: ${name} is ${show(value)}`, "true or false");
  return value;
}

/** Reads an option that counts something: an integer of at least `minimum`. */
export function countOption(kind: string, name: string, value: unknown, minimum = 1): number {
  if (!Number.isSafeInteger(value) || (value as number) < minimum) {
    fail(`${kind}: ${name} is ${show(value)}`, `an integer of at least ${minimum}`);
  }
  return value as number;
}
