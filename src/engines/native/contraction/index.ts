import { normalize, planContraction } from "../../../codegen/index.ts";
import { type ContractionKernel, contractionAsLoops } from "../../../passes/index.ts";
import { renderLoop } from "../render/loop.ts";
import { renderBlocked } from "./blocked.ts";
import { renderDots } from "./dots.ts";
import type { RenderedContraction } from "./rendered.ts";
import { isSmall, renderSmall } from "./small.ts";
import { hostTarget } from "./target.ts";

export type { RenderedContraction } from "./rendered.ts";

/**
 * Renders a contraction to C, in the way that suits its shapes and views. In a loop, operands in fixed buffers are packed once, before
 * the first turn.
 */
export function renderContraction(
  kernel: ContractionKernel,
  vectorBytes: 16 | 32 | 64,
  isFixed: (buffer: number) => boolean,
  lengthOf: (buffer: number) => number,
): RenderedContraction {
  const target = hostTarget(vectorBytes);
  const normal = normalize(kernel);
  const plan = planContraction(normal, target);
  if (plan.kind === "blocked") {
    const prepared = plan.batches === 1 && isFixed(normal.b.buffer);
    const length = lengthOf(normal.a.buffer);
    return renderBlocked(normal, prepared ? { ...plan, packB: "shared" } : plan, target, { prepared, length });
  }
  if (plan.kind === "dots") return renderDots(normal, plan, target);
  if (isSmall(plan, normal.depth, target)) return renderSmall(normal, plan, target);
  const { body, actual } = renderLoop(contractionAsLoops(kernel), vectorBytes);
  return {
    support: new Map(),
    helpers: "",
    phases: [{ body }],
    actual,
    scratchBytes: 0,
    sharedBytes: 0,
    preparedBytes: 0,
  };
}
