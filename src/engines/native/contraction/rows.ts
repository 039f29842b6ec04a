import type { ContractionKernel, Loop } from "../../../passes/index.ts";
import type { BlockedPlan } from "./plan.ts";
import type { Target } from "./target.ts";
import { counterType, decode, linearText, loopName, sizeOf } from "./text.ts";
import { holds, rowLoops } from "./view.ts";

/**
 * Rows in an order in which those that meet the same steps of a strided convolution are neighbours: then whole panels skip the others.
 */
export interface RowOrder {
  /** Number of rows that are reordered among each other. */
  readonly period: number;
  /** C of the table. */
  readonly table: string;
}

/** Largest table of a row order. */
const LARGEST_PERIOD = 1 << 16;

export function rowOrder({ rows }: ContractionKernel, { a }: BlockedPlan): RowOrder | undefined {
  const divided = a.access.guards.filter(({ divisor }) => divisor > 1);
  if (a.source !== "rows" || divided.length === 0) return undefined;
  const divisors = new Map<number, number>();
  for (const guard of divided) {
    for (const { id } of rows.filter((row) => guard.expression.terms.some(({ of }) => of === row.id)))
      divisors.set(id, guard.divisor);
  }
  const first = rows.findIndex(({ id }) => divisors.has(id));
  const last = rows.slice(first);
  const period = sizeOf(last);
  if (first < 0 || period > LARGEST_PERIOD) return undefined;
  const classOf = (flat: number): number => {
    let rest = flat;
    let key = 0;
    for (const { id, size } of [...last].reverse()) {
      key = key * 64 + ((rest % size) % (divisors.get(id) ?? 1));
      rest = Math.floor(rest / size);
    }
    return key;
  };
  const order = Array.from({ length: period }, (_, i) => i).sort((i, j) => classOf(i) - classOf(j) || i - j);
  return { period, table: `static const uint16_t @order[${period}] = {${order.join(",")}};` };
}

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
  const bits = validity(kernel, plan)
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

/** Statements that write the pointers of segment s, `place` floats further, to `into`; it must have room for whole vectors. */
export function segmentPointers({ rowPanels, a }: BlockedPlan, target: Target, place: string, into: string): string {
  const guarded = a.access.guards.length > 0;
  const found = "*(const vpointers*)(base + i) + offset";
  const value = guarded ? `(exists & (${found})) | (~exists & (int64_t)@zeros)` : found;
  return `{ const int64_t offset = (${place}) * (long)sizeof(float);
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

/** Tables of segment bits per row loop: where all guards that depend on that loop hold. */
export function validity({ rows }: ContractionKernel, plan: BlockedPlan): ValidityTable[] {
  const { a, depth } = plan;
  const byLoop = new Map<Loop | undefined, typeof a.access.guards>();
  for (const guard of a.access.guards) {
    const loop = rowLoops(guard, rows, depth.segments)?.[0];
    byLoop.set(loop, [...(byLoop.get(loop) ?? []), guard]);
  }
  const segments = sizeOf(depth.segments);
  return [...byLoop].map(([loop, guards]) => {
    const words = Array.from({ length: loop?.size ?? 1 }, (_, digit) => {
      let word = 0n;
      for (let s = 0; s < segments; s++) {
        const at = new Map(loop ? [[loop.id, digit]] : []);
        let rest = s;
        for (const { id, size } of [...depth.segments].reverse()) {
          at.set(id, rest % size);
          rest = Math.floor(rest / size);
        }
        if (guards.every((guard) => holds(guard, at))) word |= 1n << BigInt(s);
      }
      return `0x${word.toString(16)}${segments > 32 ? "L" : "U"}`;
    });
    const name = loop ? `@exists_${loop.id}` : "@exists";
    const type = wordType(plan);
    const text = loop
      ? `static const ${type} ${name}[${loop.size}] = {${words.join(",")}};`
      : `static const ${type} ${name} = ${words[0]};`;
    return { name, loop, text };
  });
}
