import { normalize, planContraction } from "../../../codegen/index.ts";
import { type ContractionKernel, contractionAsLoops } from "../../../passes/index.ts";
import { renderLoop } from "../render/loop.ts";
import { renderBlocked } from "./blocked.ts";
import { renderDots } from "./dots.ts";
import type { RenderedContraction } from "./rendered.ts";
import { isSmall, renderSmall } from "./small.ts";
import { hostTarget } from "./target.ts";

export type { RenderedContraction } from "./rendered.ts";

/** Renders a contraction to C, in the way that suits its shapes and views. */
export function renderContraction(kernel: ContractionKernel, vectorBytes: 16 | 32 | 64): RenderedContraction {
  const target = hostTarget(vectorBytes);
  const normal = normalize(kernel);
  const plan = planContraction(normal, target);
  if (plan.kind === "blocked") return renderBlocked(normal, plan, target);
  if (plan.kind === "dots") return renderDots(normal, plan, target);
  if (isSmall(plan, normal.depth, target)) return renderSmall(normal, plan, target);
  const { body, actual } = renderLoop(contractionAsLoops(kernel), vectorBytes);
  return { support: new Map(), helpers: "", phases: [{ body }], actual, scratchBytes: 0, sharedBytes: 0 };
}
