import { countOption, numberOption, type Optimizer } from "./optimizer.ts";
import { fromStart } from "./start.ts";
import { defineWrapper, type WrapperOptions, wrapperOptions } from "./wrapper.ts";

/** Options of {@link lookahead}. */
export interface LookaheadOptions extends WrapperOptions {
  /** Steps of the optimizer inside between two slow steps; default 5 (the paper). */
  steps?: number | undefined;
  /** Part of the way that the slow weights go; default 0.5 (the paper). */
  alpha?: number | undefined;
}

/**
 * Lookahead (Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back", 2019):
 *
 *     parameter <- inner step
 *     every `steps` steps:  slow <- slow + alpha * (parameter - slow);  parameter <- slow
 *
 * @example
 * model.compile({ optimizer: optimizers.lookahead({ optimizer: "radam" }), loss: "meanSquaredError" });
 */
export function lookahead(options: LookaheadOptions): Optimizer {
  const { inner, all } = wrapperOptions("lookahead", options, { steps: 5, alpha: 0.5 });
  const steps = countOption("lookahead", "steps", all.steps);
  const alpha = numberOption("lookahead", "alpha", all.alpha, 0, 1);
  return defineWrapper({
    kind: "lookahead",
    source: "Zhang et al., 2019",
    inner,
    options: { steps, alpha },
    slots: { slow: 0 },
    writes: true,
    update({ parameter, slots, step }, innerStep) {
      const start = fromStart(step, parameter, slots.slow);
      const next = innerStep({});
      const due = step.mod(steps).equal(0);
      const slow = due.where(start.add(next.parameter.sub(start).mul(alpha)), start);
      return { parameter: due.where(slow, next.parameter), slots: { slow }, inner: next.slots };
    },
  });
}
