import { countOption, type Optimizer } from "./optimizer.ts";
import { fromStart } from "./start.ts";
import { defineWrapper, type WrapperOptions, wrapperOptions } from "./wrapper.ts";

/** Options of {@link swa}. */
export interface SwaOptions extends WrapperOptions {
  /** Steps after which averaging begins; default 0. The paper: after three quarters of the training. */
  start?: number | undefined;
  /** An average takes in the weights of every so many steps; default 1. The paper: once an epoch. */
  every?: number | undefined;
}

/**
 * Stochastic weight averaging (Izmailov et al., "Averaging Weights Leads to Wider Optima", 2018): the plain mean of the weights
 * after steps start + every, start + 2 every, ...
 *
 *     current   <- inner step from current
 *     parameter <- parameter + (current - parameter) / k       at the k-th of these steps
 *
 * The model's parameters are the mean (before the first of these steps: `current`), as with `ema`.
 *
 * @example
 * model.compile({ optimizer: optimizers.swa({ optimizer: "sgd", start: 1000, every: 100 }), loss: "meanSquaredError" });
 */
export function swa(options: SwaOptions): Optimizer {
  const { inner, all } = wrapperOptions("swa", options, { start: 0, every: 1 });
  const start = countOption("swa", "start", all.start, 0);
  const every = countOption("swa", "every", all.every);
  return defineWrapper({
    kind: "swa",
    source: "Izmailov et al., 2018",
    inner,
    options: { start, every },
    slots: { current: 0 },
    writes: true,
    point: ({ parameter, slots, step }, innerPoint) =>
      innerPoint({ parameter: fromStart(step, parameter, slots.current) }),
    update({ parameter, slots, step }, innerStep) {
      const next = innerStep({ parameter: fromStart(step, parameter, slots.current) });
      const since = step.sub(start);
      const due = since.mod(every).equal(0);
      const share = since.div(every).maximum(1).reciprocal();
      const kept = due.where(parameter.add(next.parameter.sub(parameter).mul(share)), parameter);
      const average = since.lessEqual(every).where(next.parameter, kept);
      return { parameter: average, slots: { current: next.parameter }, inner: next.slots };
    },
  });
}
