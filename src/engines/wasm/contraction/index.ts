import { type BlockedPlan, normalize, type Plan, planContraction } from "../../../codegen/index.ts";
import { type ContractionKernel, contractionAsLoops } from "../../../passes/index.ts";
import type { AssemblerOptions } from "../render/assembler.ts";
import type { RenderedKernel } from "../render/kernel.ts";
import { renderBlocked } from "./blocked.ts";
import { renderDots } from "./dots.ts";
import { isSmall, renderSmall } from "./small.ts";
import { isStream, renderStreams } from "./streams.ts";
import { WASM_TARGET } from "./target.ts";

/** Renders a contraction in the way that suits its shapes and views; undefined: as plain loops. */
export function renderContraction(kernel: ContractionKernel, options: AssemblerOptions): RenderedKernel | undefined {
  const { normal, plan } = choose(kernel);
  if (plan.columns === 1 && vectorsAlongBatch(normal)) return undefined;
  // What is rounded is rounded in panels, or by plain loops.
  if (kernel.precision) return plan.kind === "blocked" ? renderBlocked(normal, unguarded(plan), options) : undefined;
  if (plan.kind === "blocked" && isStream(plan)) return renderStreams(normal, plan, options);
  if (plan.kind === "blocked") return renderBlocked(normal, plan, options);
  if (plan.kind === "dots") return renderDots(normal, plan, options);
  return isSmall(plan) ? renderSmall(normal, plan, options) : undefined;
}

/**
 * The contraction with vectors along its columns, unless the turned operand can only be read element by element: a convolution with one
 * filter has its lanes along the positions then, but reads each window better as it lies.
 */
function choose(kernel: ContractionKernel): { normal: ContractionKernel; plan: Plan } {
  const normal = normalize(kernel);
  const plan = planContraction(normal, WASM_TARGET);
  if (kernel.columns.length > 0 || plan.kind !== "blocked" || plan.b.source !== "general") return { normal, plan };
  const straight = planContraction(kernel, WASM_TARGET);
  return straight.a.source === "general" ? { normal, plan } : { normal: kernel, plan: straight };
}

/** The same plan where lanes of A that do not exist everywhere are packed one by one. */
function unguarded(plan: BlockedPlan): BlockedPlan {
  const guarded = plan.a.source === "lanes" && plan.a.access.guards.length > 0;
  return guarded ? { ...plan, a: { ...plan.a, source: "general" } } : plan;
}

/** Whether the lanes of plain loops would be elements of the batch: in a depthwise convolution they are its channels. */
function vectorsAlongBatch(kernel: ContractionKernel): boolean {
  const { vector } = contractionAsLoops(kernel);
  return kernel.batch.some(({ id, size }) => id === vector && size >= WASM_TARGET.lanes);
}
