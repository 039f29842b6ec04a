import type { PlainPlan, Target } from "../../../codegen/index.ts";
import type { ContractionKernel } from "../../../passes/index.ts";
import { Pointers } from "../render/pointers.ts";
import { storeFunction } from "./epilogue.ts";
import type { Support } from "./microkernel.ts";
import { roundingFunctions } from "./pairs.ts";
import { Memory, type RenderedContraction } from "./rendered.ts";
import { decode, elementText, linearText, loopName } from "./text.ts";

const TOTAL = `INLINE float total_f(vf v) {
  lanes_f a = {.v = v};
  for (int half = VL / 2; half > 0; half /= 2) for (int l = 0; l < half; l++) a.e[l] += a.e[l + half];
  return a.e[0];
}`;

/** Rows of the long side whose dot products are computed together. */
const TOGETHER = 4;

/**
 * A product with very few rows or columns, as dot products along the depth: the long side is read as it lies, the narrow side is
 * copied to contiguous rows once per worker.
 */
export function renderDots(kernel: ContractionKernel, plan: PlainPlan, target: Target): RenderedContraction {
  const { along, batches, depth, chunk } = plan;
  const byRows = along === "rows";
  const [long, narrow] = byRows ? [plan.a, plan.b] : [plan.b, plan.a];
  const [longLoops, narrowLoops] = byRows ? [kernel.rows, kernel.columns] : [kernel.columns, kernel.rows];
  const [length, few] = byRows ? [plan.rows, plan.columns] : [plan.columns, plan.rows];
  const deep = depth.run.size;
  const pointers = new Pointers();
  const longName = pointers.name(long.access);
  const narrowName = pointers.name(narrow.access);
  const memory = new Memory();
  const copy = memory.take(few * deep);
  const store = storeFunction(kernel, target, pointers, undefined);
  const support: Support = new Map([["total_f", TOTAL]]);
  const rounded = kernel.precision === "bfloat16";
  if (rounded) roundingFunctions(support);
  const element = elementText(narrow.access, narrowName);

  const pairs = Array.from({ length: TOGETHER }, (_, i) =>
    Array.from({ length: few }, (_, j) => [i, j] as const),
  ).flat();
  const each = (text: (i: number, j: number) => string) => pairs.map(([i, j]) => text(i, j)).join(" ");
  const step = (load: (pointer: string) => string) =>
    `${Array.from({ length: few }, (_, j) => `const vf y${j} = ${load(`narrow + ${j * deep}L + k`)};`).join(" ")}
${Array.from({ length: TOGETHER }, (_, i) => `{ const vf x = ${rounded ? `bf16_vf(${load(`x${i} + k`)})` : load(`x${i} + k`)}; ${Array.from({ length: few }, (_, j) => `c${i}_${j} += x * y${j};`).join(" ")} }`).join("\n")}`;
  const rest = deep % target.lanes;
  // Tiles of VL dot products per row or column of the narrow side.
  const place = (i: number, j: number) => (byRows ? `(r + ${i}) * VL + ${j}` : `${j} * VL + r + ${i}`);
  const finish = byRows
    ? `@store(q, tile, batch, first, count, 0, ${few}, VL);`
    : `@store(q, tile, batch, 0, ${few}, first, first + count, VL);`;
  const chunks = Math.ceil(length / chunk);
  const body = `{
@@declarations
float* const narrow = (float*)scratch + ${copy};
work_range range = {${batches * chunks}L, worker, workers, 0, 0, 0, of};
long copied = -1;
EACH_RANGE(range) for (long part = range.from; part < range.to; part++) {
const long batch = part / ${chunks}, start = part % ${chunks} * ${chunk}, limit = start + ${chunk} < ${length} ? start + ${chunk} : ${length};
${decode("batch", kernel.batch)}
if (batch != copied) {
copied = batch;
for (long j = 0; j < ${few}; j++) {
${decode("j", narrowLoops)}
for (long ${loopName(depth.run.id)} = 0; ${loopName(depth.run.id)} < ${deep}; ${loopName(depth.run.id)}++) narrow[j * ${deep}L + ${loopName(depth.run.id)}] = ${rounded ? `bf16_f(${element})` : element};
}
}
for (long first = start; first < limit; first += VL) {
const long count = limit - first < VL ? limit - first : VL;
float tile[${byRows ? "VL" : few} * VL] __attribute__((aligned(64)));
for (long r = 0; r < count; r += ${TOGETHER}) {
const float* x[${TOGETHER}];
for (long i = 0; i < ${TOGETHER}; i++) {
${decode("first + (r + i < count ? r + i : count - 1)", longLoops)}
x[i] = ${longName} + ${long.linear.constant} + ${linearText(long.linear, kernel.batch)} + ${linearText(long.linear, longLoops)};
}
const float ${Array.from({ length: TOGETHER }, (_, i) => `*x${i} = x[${i}]`).join(", ")};
vf ${pairs.map(([i, j]) => `c${i}_${j} = {0}`).join(", ")};
long k = 0;
for (; k + VL <= ${deep}; k += VL) {
${step((pointer) => `load_f(${pointer})`)}
}
${rest > 0 ? `{\n${step((pointer) => `load_fn(${pointer}, ${rest})`)}\n}` : ""}
${each((i, j) => `tile[${place(i, j)}] = total_f(c${i}_${j});`)}
}
${finish}
}
}
}`;
  const actual = pointers.actual();
  const head = [...pointers.declarations(), `char* const scratch = q[${actual.length}];`].join("\n");
  return {
    support,
    helpers: store.replaceAll("@@declarations", head),
    phases: [{ body: body.replaceAll("@@declarations", head) }],
    actual: [...actual, "scratch"],
    scratchBytes: memory.floats * 4,
    sharedBytes: 0,
    preparedBytes: 0,
  };
}
