import { type BlockedPlan, type RowOrder, sizeOf, type Target, validity } from "../../../codegen/index.ts";
import type { ContractionKernel, Loop } from "../../../passes/index.ts";
import { counterType, decode, linearText, loopName } from "./text.ts";

/** C of a row order's table. */
export const orderTable = ({ period, order }: RowOrder): string =>
  `static const uint16_t @order[${period}] = {${order.join(",")}};`;

/** Statements that declare the indices of the row loops at row number `flat`. */
export function decodeRow(flat: string, rows: readonly Loop[], order: RowOrder | undefined): string {
  if (!order) return decode(flat, rows);
  const { period } = order;
  const type = counterType(rows);
  return `const ${type} at_ = (${type})(${flat}); ${decode(`at_ - at_ % ${period}u + @order[at_ % ${period}u]`, rows)}`;
}

/** Vectors of pointers, kept as integers. */
export const POINTERS = `typedef int64_t vpointers __attribute__((vector_size(VB), aligned(8), may_alias));
enum { PL = VB / 8 };`;

/** Pointers of a panel in whole vectors. */
export const padded = (size: number, { lanes }: Target): number => Math.ceil((size * 2) / lanes) * (lanes / 2);

/**
 * The pointers of one panel's rows: C statements that declare base[], and with guards bits[] (bit s: segment s exists), for the rows
 * first .. first + h - 1; the panel's remaining rows repeat the last one.
 */
export function rowPointers(
  kernel: ContractionKernel,
  plan: BlockedPlan,
  target: Target,
  order: RowOrder | undefined,
  pointer: string,
): string {
  const { a, rowPanels } = plan;
  const { size } = rowPanels;
  const count = padded(size, target);
  const guarded = a.access.guards.length > 0;
  const bits = validityTables(kernel, plan)
    .map(({ name, loop }) => (loop ? `${name}[${loopName(loop.id)}]` : name))
    .join(" & ");
  return `int64_t base[${count}]; ${guarded ? `int64_t bits[${count}];` : ""}
for (long i = 0; i < ${size}; i++) {
${decodeRow("first + (i < h ? i : h - 1)", kernel.rows, order)}
base[i] = (int64_t)(${pointer} + ${a.linear.constant} + ${linearText(a.linear, kernel.batch)} + ${linearText(a.linear, kernel.rows)});
${guarded ? `bits[i] = ${bits};` : ""}
}
for (long i = ${size}; i < ${count}; i++) base[i] = base[0]${guarded ? ", bits[i] = bits[0]" : ""};`;
}

/** Statements that write the pointers of segment s, `place` elements further, to `into`; it must have room for whole vectors. */
export function segmentPointers(
  { rowPanels, a }: BlockedPlan,
  target: Target,
  place: string,
  into: string,
  element = "float",
): string {
  const guarded = a.access.guards.length > 0;
  const found = "*(const vpointers*)(base + i) + offset";
  const value = guarded ? `(exists & (${found})) | (~exists & (int64_t)@zeros)` : found;
  return `{ const int64_t offset = (${place}) * (long)sizeof(${element});
for (long i = 0; i < ${padded(rowPanels.size, target)}; i += PL) {
${guarded ? "const vpointers exists = (*(const vpointers*)(bits + i) & ((int64_t)1 << s)) != 0;" : ""}
*(vpointers*)(${into} + i) = ${value};
} }`;
}

/** C type of a word with a bit per segment. */
export function wordType({ depth }: BlockedPlan): string {
  return sizeOf(depth.segments) > 32 ? "int64_t" : "uint32_t";
}

interface ValidityTable {
  readonly name: string;
  readonly loop: Loop | undefined;
  readonly text: string;
}

/** C of the tables of {@link validity}. */
export function validityTables(kernel: ContractionKernel, plan: BlockedPlan): ValidityTable[] {
  const wide = sizeOf(plan.depth.segments) > 32;
  return validity(kernel, plan).map(({ loop, words }) => {
    const digits = words.map((word) => `0x${word.toString(16)}${wide ? "L" : "U"}`);
    const name = loop ? `@exists_${loop.id}` : "@exists";
    const type = wordType(plan);
    const text = loop
      ? `static const ${type} ${name}[${loop.size}] = {${digits.join(",")}};`
      : `static const ${type} ${name} = ${digits[0]};`;
    return { name, loop, text };
  });
}
