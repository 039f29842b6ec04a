import { type PlainPlan, sizeOf, type Target } from "../../../codegen/index.ts";
import type { ContractionKernel, Loop } from "../../../passes/index.ts";
import { Pointers } from "../render/pointers.ts";
import { storeFunction } from "./epilogue.ts";
import type { Support } from "./microkernel.ts";
import { roundingFunctions } from "./pairs.ts";
import type { RenderedContraction } from "./rendered.ts";
import { decode, elementText, linearText, loopName, repeat } from "./text.ts";

/** Floats on the stack for B, and for the sums. */
const MOST_FLOATS = 4096;
/** Accumulators that surely fit the registers. */
const ACCUMULATORS = 8;

/** Whether a product is small enough for {@link renderSmall}. */
export function isSmall({ rows, columns }: PlainPlan, depth: readonly Loop[], { lanes }: Target): boolean {
  const vectors = Math.ceil(columns / lanes);
  return vectors <= ACCUMULATORS && Math.max(rows + ACCUMULATORS, sizeOf(depth)) * vectors * lanes <= MOST_FLOATS;
}

/**
 * A product of some hundred multiplications, where any preparation would cost more than the work: B is copied to rows of whole vectors
 * (unless it lies so), then every row of the result is a few vectors of sums. Any views.
 */
export function renderSmall(kernel: ContractionKernel, plan: PlainPlan, target: Target): RenderedContraction {
  const { rows, columns, batches, b } = plan;
  const { depth } = kernel;
  const [column] = kernel.columns;
  const deep = sizeOf(depth);
  const vectors = Math.ceil(columns / target.lanes);
  const width = vectors * target.lanes;
  const together = Math.min(rows, Math.max(1, Math.floor(ACCUMULATORS / vectors)));
  const pointers = new Pointers();
  const nameOfA = pointers.name(kernel.a);
  const nameOfB = pointers.name(kernel.b);

  const support: Support = new Map();
  const rounded = kernel.precision === "bfloat16";
  if (rounded) roundingFunctions(support);
  const operand = (element: string) => (rounded ? `bf16_f(${element})` : element);
  const direct = !rounded && b.source === "lanes" && columns % target.lanes === 0;
  const line = direct
    ? `${nameOfB} + ${b.linear.constant} + ${linearText(b.linear, [...kernel.batch, ...depth])}`
    : `lines + k * ${width}`;
  const j = column ? loopName(column.id) : "j";
  const copy = `float lines[${deep * width}] __attribute__((aligned(64)));
for (long k = 0; k < ${deep}; k++) {
${decode("k", depth)}
for (long ${j} = 0; ${j} < ${columns}; ${j}++) lines[k * ${width} + ${j}] = ${operand(elementText(kernel.b, nameOfB))};
for (long j = ${columns}; j < ${width}; j++) lines[k * ${width} + j] = 0;
}`;
  /** The last rows may be there already: then the very last is computed again. */
  const row = (r: number) => (rows % together === 0 ? `m + ${r}` : `m + ${r} < ${rows} ? m + ${r} : ${rows - 1}`);
  const sums = (r: number, text: (v: number) => string) => repeat(vectors, text).join(" ");
  const body = `{
@@declarations
float tile[${Math.ceil(rows / together) * together * width}] __attribute__((aligned(64)));
work_range range = {${batches}L, worker, workers, 0, 0, 0, of};
EACH_RANGE(range) for (long batch = range.from; batch < range.to; batch++) {
${decode("batch", kernel.batch)}
${direct ? "" : copy}
for (long m = 0; m < ${rows}; m += ${together}) {
vf ${repeat(together, (r) => repeat(vectors, (v) => `c${r}_${v} = {0}`).join(", ")).join(", ")};
for (long k = 0; k < ${deep}; k++) {
${decode("k", depth)}
${repeat(vectors, (v) => `const vf b${v} = load_f(${line} + ${v} * VL);`).join(" ")}
${repeat(together, (r) => `{ ${decode(row(r), kernel.rows)} const float x = ${operand(elementText(kernel.a, nameOfA))}; ${sums(r, (v) => `c${r}_${v} += x * b${v};`)} }`).join("\n")}
}
${repeat(together, (r) => sums(r, (v) => `store_f(tile + (m + ${r}) * ${width} + ${v} * VL, c${r}_${v});`)).join("\n")}
}
@store(q, tile, batch, 0, ${rows}, 0, ${columns}, ${width});
}
}`;
  const store = storeFunction(kernel, target, pointers, undefined).replace("__attribute__((noinline))", "inline");
  const head = pointers.declarations().join("\n");
  return {
    support,
    helpers: store.replaceAll("@@declarations", head),
    phases: [{ body: body.replaceAll("@@declarations", head) }],
    actual: pointers.actual(),
    scratchBytes: 0,
    sharedBytes: 0,
    preparedBytes: 0,
  };
}
