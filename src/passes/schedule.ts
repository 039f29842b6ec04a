import { product } from "../util/index.ts";
import { type AnyBuffer, conflict, type Span, type Touch, throughWindow, touchesOf } from "./hazards.ts";
import type { Kernel, KernelStep, RepeatKernel } from "./kernel.ts";
import { forEachPart } from "./lower.ts";

/** Work below which a kernel is not worth sharing between workers, in elementary operations. */
const WORTH_SHARING = 20000;

/** Says of kernels in order which ones workers share, and where they have to wait for each other. `spanOf` knows where touches lie. */
export function schedule(
  steps: readonly Omit<KernelStep, "barrier" | "parallel">[],
  buffers: readonly AnyBuffer[],
  spanOf: (touch: Touch) => Span,
): KernelStep[] {
  let pending: { spans: Span[]; parallel: boolean }[] = [];
  return steps.map((step) => {
    const kernel = step.kernel.kind === "repeat" ? scheduleTurn(step.kernel, buffers, spanOf) : step.kernel;
    const spans = touchesOf(kernel, buffers).map(spanOf);
    const parallel = isShared(kernel);
    const barrier = pending.some((earlier) => (parallel || earlier.parallel) && meet(earlier.spans, spans));
    if (barrier) pending = [];
    pending.push({ spans, parallel });
    return { ...step, kernel, barrier, parallel };
  });
}

function isShared(kernel: Kernel): boolean {
  if (kernel.kind === "repeat") return kernel.steps.some(({ parallel }) => parallel);
  return workOf(kernel) >= WORTH_SHARING;
}

function meet(a: readonly Span[], b: readonly Span[]): boolean {
  return a.some((one) => b.some((other) => conflict(one, other)));
}

/** One turn of a loop, and whether the next one has to wait for all of it. */
function scheduleTurn(
  kernel: RepeatKernel,
  buffers: readonly AnyBuffer[],
  spanOf: (touch: Touch) => Span,
): RepeatKernel {
  const steps = schedule(kernel.steps, buffers, spanOf);
  const spans = steps.map((step) =>
    touchesOf(step.kernel, buffers).map((touch) => spanOf(throughWindow(touch, kernel.windows, buffers))),
  );
  const last = steps.findLastIndex(({ barrier }) => barrier);
  const next = steps.findIndex(({ barrier }) => barrier);
  const barrier = steps.some(
    (ending, i) =>
      i >= last &&
      steps.some(
        (beginning, j) =>
          (next < 0 || j < next) && (ending.parallel || beginning.parallel) && meet(spans[i]!, spans[j]!),
      ),
  );
  return { ...kernel, steps, barrier };
}

export function points(loops: readonly { size: number }[]): number {
  return product(loops.map(({ size }) => size));
}

/** About how many elementary operations a kernel does. */
export function workOf(kernel: Kernel): number {
  switch (kernel.kind) {
    case "contraction":
      return 2 * points([...kernel.batch, ...kernel.rows, ...kernel.columns, ...kernel.depth]);
    case "random":
      return kernel.count * 20;
    case "scatter":
      return (kernel.count + (kernel.base === "target" ? 0 : kernel.rows)) * kernel.width;
    case "repeat":
      return kernel.count * kernel.steps.reduce((total, step) => total + workOf(step.kernel), 0);
    case "loop":
      return kernel.stages.reduce((total, { inner, reductions, stores }) => {
        let parts = 0;
        forEachPart(
          [...reductions, ...stores].map(({ value }) => value),
          () => parts++,
        );
        return total + points(kernel.outer) * points(inner) * (parts + stores.length);
      }, 0);
  }
}

/** Kernels of a program, those inside of loops counted once. */
export function countKernels(steps: readonly KernelStep[]): number {
  return steps.reduce((total, { kernel }) => total + (kernel.kind === "repeat" ? countKernels(kernel.steps) : 1), 0);
}
