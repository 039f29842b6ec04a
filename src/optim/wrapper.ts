import type { Tensor } from "../tensor/index.ts";
import { checkOptions, fail } from "../util/index.ts";
import { applyOptimizer, trainingPoint } from "./apply.ts";
import type { Segment } from "./clipping.ts";
import { type AnyOptimizer, readOptimizer } from "./known.ts";
import type { ModelUpdateInput, Optimizer, PointInput, UpdateInput, UpdateOutput } from "./optimizer.ts";
import type { Schedule } from "./schedule.ts";

/** Options that every wrapper takes. */
export interface WrapperOptions {
  /** The optimizer inside, in any form: a name, `optimizers.adam({...})`, its JSON, another wrapper. */
  optimizer: AnyOptimizer;
}

type Tensors = Readonly<Record<string, Tensor>>;

/** What a wrapper answers: the parameters, its own slots, and the slots of the optimizer inside. */
export interface WrapperOutput<Slot extends string> {
  readonly parameter: Tensor;
  readonly slots: Readonly<Record<Slot, Tensor>>;
  readonly inner: Tensors;
}

/** The recipe that {@link defineWrapper} turns into an {@link Optimizer}. */
export interface WrapperRecipe<Slot extends string> {
  kind: string;
  /** Where the idea comes from: a short citation. */
  source: string;
  inner: Optimizer;
  /** Its own options as JSON, without the optimizer inside. */
  options: Readonly<Record<string, unknown>>;
  /** Initial value of each of its own slots. */
  slots: Record<Slot, number>;
  /** True when it writes to the parameters, which an optimizer inside must then not use for an average. */
  writes?: boolean;
  /** True when it hands on another gradient than the batch's, which an optimizer inside must then not ask for again. */
  changesGradient?: boolean;
  /** True when it asks for the gradient at a second point. */
  looksAgain?: boolean;
  /** Default: the inner learning rate. */
  learningRate?: Schedule;
  check?: (segments: readonly Segment[]) => void;
  /** Where the gradient is taken; default: where the optimizer inside wants it. */
  point?: (input: PointInput<Slot>, inner: (changed: Partial<PointInput>) => Tensor) => Tensor;
  /** One step; `inner` does the step of the optimizer inside, with what is changed. */
  update: (
    input: ModelUpdateInput<Slot> & { readonly innerSlots: Tensors },
    inner: (changed: Partial<UpdateInput>) => UpdateOutput,
  ) => WrapperOutput<Slot>;
}

/**
 * An optimizer that changes another one: it sees the whole model before and after the inner step. Its own slots are named
 * "kind.slot", beside those of the optimizer inside.
 *
 * @throws DescentError for an order that makes no sense.
 */
export function defineWrapper<Slot extends string>(recipe: WrapperRecipe<Slot>): Optimizer {
  const { kind, source, inner, point, update } = recipe;
  checkOrder(recipe);
  const names = Object.keys(recipe.slots) as Slot[];
  const slots = Object.fromEntries(names.map((name) => [`${kind}.${name}`, recipe.slots[name]]));
  const own = (all: Tensors) =>
    Object.fromEntries(names.map((name) => [name, all[`${kind}.${name}`]])) as Record<Slot, Tensor>;
  const others = (all: Tensors) =>
    Object.fromEntries(Object.keys(inner.slots).map((name) => [name, all[name] as Tensor]));
  return {
    kind,
    source,
    options: { optimizer: { kind: inner.kind, ...inner.options }, ...recipe.options },
    slots: { ...inner.slots, ...slots },
    learningRate: recipe.learningRate ?? inner.learningRate,
    clipping: {},
    reach: "model",
    fullBatch: inner.fullBatch,
    looksAgain: recipe.looksAgain || inner.looksAgain,
    inner,
    point:
      (point || inner.point) &&
      ((input) => {
        const within = { ...input, slots: others(input.slots) };
        const innerPoint = (changed: Partial<PointInput>) => trainingPoint(inner, { ...within, ...changed });
        return point ? point({ ...input, slots: own(input.slots) }, innerPoint) : innerPoint({});
      }),
    check(segments) {
      recipe.check?.(segments);
      inner.check?.(segments);
    },
    update(input) {
      const whole = input as ModelUpdateInput;
      const within = { ...whole, slots: others(whole.slots) };
      const next = update({ ...whole, slots: own(whole.slots), innerSlots: within.slots }, (changed) =>
        applyOptimizer(inner, { ...within, ...changed }, whole.segments),
      );
      const mine = Object.fromEntries(names.map((name) => [`${kind}.${name}`, next.slots[name]]));
      return { parameter: next.parameter, slots: { ...next.inner, ...mine } };
    },
  };
}

/** Reads a wrapper's options: the optimizer inside, and its own over their defaults. */
export function wrapperOptions<T extends WrapperOptions>(
  kind: string,
  options: T,
  defaults: Readonly<Record<string, unknown>>,
): { inner: Optimizer; all: Omit<T, "optimizer"> & Record<string, unknown> } {
  for (const name of ["learningRate", "clipNorm", "clipValue", "globalClipNorm"]) {
    if (options && name in options) {
      fail(
        `${kind} got ${name}`,
        "it for the optimizer inside",
        `${kind}({ optimizer: { kind: "adam", ${name}: ... } })`,
      );
    }
  }
  checkOptions(kind, options, ["optimizer", ...Object.keys(defaults)]);
  if (options?.optimizer === undefined) {
    fail(`${kind} got no optimizer`, "the one it changes", `optimizers.${kind}({ optimizer: "adam" })`);
  }
  const { optimizer, ...rest } = options;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const all = { ...defaults, ...given } as Omit<T, "optimizer"> & Record<string, unknown>;
  return { inner: readOptimizer(optimizer, `${kind}: optimizer`), all };
}

type Order = Pick<WrapperRecipe<string>, "kind" | "inner" | "writes" | "changesGradient">;

function checkOrder({ kind, inner, writes, changesGradient }: Order): void {
  for (let each: Optimizer | undefined = inner; each; each = each.inner) {
    if (each.kind === kind) fail(`${kind} is around another ${kind}`, "each wrapper once");
  }
  const swapped = (name: string) => `optimizers.${name}({ optimizer: optimizers.${kind}({ ... }) })`;
  if (writes && inner.point) {
    const { kind: name } = ownerOf(inner, ({ point }) => point !== undefined);
    fail(`${kind} is around ${name}, whose parameters are an average`, `${kind} inside of it`, swapped(name));
  }
  if (changesGradient && inner.looksAgain) {
    const { kind: name } = ownerOf(inner, ({ looksAgain }) => looksAgain);
    fail(
      `${kind} is around ${name}, which asks for a second gradient that ${kind} would not see`,
      `${kind} inside of it`,
      name === "sophia" ? `sophia without ${kind}` : swapped(name),
    );
  }
}

/** The innermost optimizer that has a property which wrappers pass on. */
function ownerOf(optimizer: Optimizer, has: (optimizer: Optimizer) => boolean): Optimizer {
  return optimizer.inner && has(optimizer.inner) ? ownerOf(optimizer.inner, has) : optimizer;
}
