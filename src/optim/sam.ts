import { norm } from "./norm.ts";
import { numberOption, type Optimizer } from "./optimizer.ts";
import { defineWrapper, type WrapperOptions, wrapperOptions } from "./wrapper.ts";

/** Options of {@link sam}. */
export interface SamOptions extends WrapperOptions {
  /** How far the second gradient is taken; default 0.05 (the paper). */
  rho?: number | undefined;
}

/**
 * Sharpness-aware minimization (Foret et al., 2021): the gradient of the worst place nearby instead of the gradient here.
 *
 *     away      = rho * gradient / (|gradient| + 1e-12)          the norm of the whole model
 *     parameter <- inner step with the gradient at parameter + away
 *
 * Each step computes forward and backward twice, of the same batch with the same dropout; loss, metrics and moving statistics
 * are those of the first.
 *
 * @example
 * model.compile({ optimizer: optimizers.sam({ optimizer: "momentum", rho: 0.1 }), loss: "meanSquaredError" });
 */
export function sam(options: SamOptions): Optimizer {
  const { inner, all } = wrapperOptions("sam", options, { rho: 0.05 });
  const rho = numberOption("sam", "rho", all.rho, Number.MIN_VALUE);
  return defineWrapper({
    kind: "sam",
    source: "Foret et al., 2021",
    inner,
    options: { rho },
    slots: {},
    looksAgain: true,
    update({ gradient, gradientAt, point }, innerStep) {
      const away = gradient.mul(norm(gradient).add(1e-12).reciprocal().mul(rho));
      const next = innerStep({ gradient: gradientAt(point.add(away)) });
      return { parameter: next.parameter, slots: {}, inner: next.slots };
    },
  });
}
