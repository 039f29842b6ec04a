import { type BlockedPlan, linearize, normalize, planContraction, type Target } from "../../../codegen/index.ts";
import { type ContractionKernel, contractionAsLoops } from "../../../passes/index.ts";
import { renderLoop } from "../render/loop.ts";
import { renderBlocked } from "./blocked.ts";
import { renderDots } from "./dots.ts";
import type { RenderedContraction } from "./rendered.ts";
import { isSmall, renderSmall } from "./small.ts";
import { hostTarget } from "./target.ts";

export type { RenderedContraction } from "./rendered.ts";

/** What a contraction's kernel may know of the program and the machine. */
export interface Surroundings {
  /** Whether a buffer's content is the same in all turns of the loop that the kernel is in. */
  readonly isFixed: (buffer: number) => boolean;
  /** Elements of a buffer. */
  readonly lengthOf: (buffer: number) => number;
  /** Whether the processor multiplies pairs of bfloat16 by one instruction. */
  readonly pairs: boolean;
}

/** Whether it is known what a product reads of its operands. */
const canCopy = ({ a, b }: ContractionKernel): boolean => [a, b].every(({ index }) => linearize(index) !== undefined);

/** Columns from which on putting pairs together element by element costs less than it gains. */
const WORTH_PAIRING = 192;

/**
 * Whether a product in bfloat16 gains by panels of pairs, beside its plan in float32. It does not where float32 reads A as it lies, and
 * pairs would have to be put together from rows of odd length, or from a few lanes side by side; nor for few columns of what is read element
 * by element.
 */
function gainsByPairs({ rows }: ContractionKernel, plan: BlockedPlan, { tileRows }: Target): boolean {
  const { a, packA, depth, columns } = plan;
  if (a.source === "general") return columns >= WORTH_PAIRING;
  if (packA !== "direct") return true;
  return a.source === "rows" ? depth.run.size % 2 === 0 : (rows.at(-1)?.size ?? 1) >= tileRows;
}

/**
 * Renders a contraction to C, in the way that suits its shapes and views. In a loop, operands in fixed buffers are packed once, before
 * the first turn.
 */
export function renderContraction(
  kernel: ContractionKernel,
  vectorBytes: 16 | 32 | 64,
  { isFixed, lengthOf, pairs }: Surroundings,
): RenderedContraction {
  const target = hostTarget(vectorBytes);
  const normal = normalize(kernel);
  const plan = planContraction(normal, target);
  if (plan.kind === "blocked") {
    // Parts of the depth may begin at odd steps, between the pairs of a panel that is packed as a whole.
    const prepared = plan.batches === 1 && isFixed(normal.b.buffer) && !(normal.precision && plan.parts > 1);
    const plain = { ...normal, precision: undefined };
    const planned = prepared || !normal.precision ? plan : planContraction(plain, target);
    if (
      planned.kind === "blocked" &&
      planned !== plan &&
      !(pairs && gainsByPairs(normal, planned, target)) &&
      canCopy(normal)
    )
      return renderBlocked(plain, planned, target, { prepared, lengthOf, rounded: true });
    return renderBlocked(normal, prepared ? { ...plan, packB: "shared" } : plan, target, { prepared, lengthOf });
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
