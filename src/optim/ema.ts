import { numberOption, type Optimizer } from "./optimizer.ts";
import { fromStart } from "./start.ts";
import { defineWrapper, type WrapperOptions, wrapperOptions } from "./wrapper.ts";

/** Options of {@link ema}. */
export interface EmaOptions extends WrapperOptions {
  /** Part of the average that is kept per step; default 0.99 (Keras `ema_momentum`). */
  momentum?: number | undefined;
}

/**
 * An exponential moving average of the weights (Polyak and Juditsky, 1992; as Keras's `use_ema`):
 *
 *     current   <- inner step from current
 *     parameter <- momentum * parameter + (1 - momentum) * current
 *
 * The model's parameters are the average: evaluate, predict, save and validation see it, and `current` is a slot, so that
 * training goes on from there. Moving statistics of batch normalization belong to `current`.
 *
 * @example
 * model.compile({ optimizer: optimizers.ema({ optimizer: "adam", momentum: 0.999 }), loss: "meanSquaredError" });
 */
export function ema(options: EmaOptions): Optimizer {
  const { inner, all } = wrapperOptions("ema", options, { momentum: 0.99 });
  const momentum = numberOption("ema", "momentum", all.momentum, 0, 1);
  return defineWrapper({
    kind: "ema",
    source: "Polyak and Juditsky, 1992; Keras use_ema",
    inner,
    options: { momentum },
    slots: { current: 0 },
    writes: true,
    point: ({ parameter, slots, step }, innerPoint) =>
      innerPoint({ parameter: fromStart(step, parameter, slots.current) }),
    update({ parameter, slots, step }, innerStep) {
      const next = innerStep({ parameter: fromStart(step, parameter, slots.current) });
      const average = parameter.mul(momentum).add(next.parameter.mul(1 - momentum));
      return { parameter: average, slots: { current: next.parameter }, inner: next.slots };
    },
  });
}
