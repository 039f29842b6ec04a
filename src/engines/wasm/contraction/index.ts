import { normalize, planContraction } from "../../../codegen/index.ts";
import type { ContractionKernel } from "../../../passes/index.ts";
import type { AssemblerOptions } from "../render/assembler.ts";
import type { RenderedKernel } from "../render/kernel.ts";
import { renderBlocked } from "./blocked.ts";
import { WASM_TARGET } from "./target.ts";

/** Renders a contraction in the way that suits its shapes and views; undefined: plain loops do. */
export function renderContraction(kernel: ContractionKernel, options: AssemblerOptions): RenderedKernel | undefined {
  const normal = normalize(kernel);
  const plan = planContraction(normal, WASM_TARGET);
  return plan.kind === "blocked" ? renderBlocked(normal, plan, options) : undefined;
}
