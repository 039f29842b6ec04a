import { type ContractionKernel, coefficientOf } from "../../../passes/index.ts";
import { ExpressionRenderer, Region } from "../render/expression.ts";
import { guardText, indexText } from "../render/index-text.ts";
import { literal } from "../render/scalar.ts";
import { Pointers } from "../render/pointers.ts";
import { lanesKernel, packLanes, packRows, rowsKernel, type Support, segmentType } from "./microkernel.ts";
import type { BlockedPlan } from "./plan.ts";
import { decodeRow, padded, POINTERS, type RowOrder, rowOrder, rowPointers, segmentPointers, validity } from "./rows.ts";
import type { Target } from "./target.ts";
import { decode, linearText, lines, loopName, sizeOf, strideOf } from "./text.ts";

/** A function that all workers call between two barriers. */
export interface RenderedPhase {
  readonly body: string;
}

/** A contraction's C. `@` stands for the name of the kernel in all texts. */
export interface RenderedContraction {
  /** Functions shared with other kernels, to be defined once, in this order. */
  readonly support: Support;
  /** Functions and tables of this kernel. */
  readonly helpers: string;
  /** Bodies of functions (char* const* q, const long worker, const long workers), run one after the other with barriers between. */
  readonly phases: readonly RenderedPhase[];
  /** What q holds: addresses in terms of `p`, and `scratch` (this worker's) and `shared` memory. */
  readonly actual: readonly string[];
  readonly scratchBytes: number;
  readonly sharedBytes: number;
}

/** Renders a product by register tiles over panels. */
export function renderBlocked(kernel: ContractionKernel, plan: BlockedPlan, target: Target): RenderedContraction {
  return new BlockedRenderer(kernel, plan, target).render();
}

/** Hands out memory in floats, in whole cache lines. */
class Memory {
  floats = 0;
  take(floats: number): number {
    const at = this.floats;
    this.floats += lines(Math.max(floats, 1));
    return at;
  }
}

const HEAD = "char* const* q";
/** The steps of the depth that a function handles: segments s0 .. s1, and in each kn steps of the run from k0 on. */
const RANGE = "const long s0, const long s1, const long k0, const long kn";
const RANGE_ACTUAL = "s0, s1, k0, kn";

class BlockedRenderer {
  private readonly pointers = new Pointers();
  private readonly support: Support = new Map();
  private readonly functions: string[] = [];
  private readonly order: RowOrder | undefined;
  private readonly a: string;
  private readonly b: string;
  private readonly segments: number;
  private readonly run: number;
  private readonly scratch = new Memory();
  private readonly shared = new Memory();
  private readonly panels: number;
  /** Floats from one packed panel's step of the depth to the next, over all columns. */
  private readonly paddedColumns: number;
  /** Deepest block, in steps of the depth. */
  private readonly deepest: number;
  private readonly blocks: number;
  private readonly skips: boolean;

  constructor(
    private readonly kernel: ContractionKernel,
    private readonly plan: BlockedPlan,
    private readonly target: Target,
  ) {
    const { depth, rowPanels, columnPanels, parts, block } = plan;
    this.order = rowOrder(kernel, plan);
    this.a = this.pointers.name(kernel.a);
    this.b = this.pointers.name(kernel.b);
    this.segments = sizeOf(depth.segments);
    this.run = depth.run.size;
    this.panels = rowPanels.groups * rowPanels.perGroup;
    this.paddedColumns = (columnPanels.count - 1) * columnPanels.width + columnPanels.lastWidth;
    const units = Math.ceil((depth.segments.length > 0 ? this.segments : this.run) / parts);
    this.deepest = Math.min(block, units) * (depth.segments.length > 0 ? this.run : 1);
    this.blocks = Math.ceil(units / block);
    const ownPanels = plan.packA === "direct" || (plan.packA === "chunk" && plan.rowsOuter);
    this.skips = plan.a.source === "rows" && ownPanels && kernel.a.guards.length > 0;
  }

  render(): RenderedContraction {
    const { plan } = this;
    this.renderTables();
    this.renderA();
    if (plan.packB !== "direct") this.renderPackB();
    this.renderTile();
    this.renderStore();
    const phases: string[] = [];
    const main = this.renderMain();
    if (plan.packA === "shared" || plan.packB === "shared") phases.push(this.renderPacking());
    phases.push(main);
    if (plan.parts > 1) phases.push(this.renderReduction());
    const actual = this.pointers.actual();
    const memory = [`char* const scratch = q[${actual.length}];`, `float* const shared = (float*)q[${actual.length + 1}];`];
    const head = [...this.pointers.declarations(), ...memory].join("\n");
    return {
      support: this.support,
      helpers: this.functions.map((text) => text.replaceAll("@@declarations", head)).join("\n"),
      phases: phases.map((body) => ({ body: body.replaceAll("@@declarations", head) })),
      actual: [...actual, "scratch", "shared"],
      scratchBytes: this.scratch.floats * 4,
      sharedBytes: this.shared.floats * 4,
    };
  }

  private renderTables(): void {
    const { plan, kernel } = this;
    if (this.order) this.functions.push(this.order.table);
    if (plan.a.source !== "rows") return;
    this.support.set("vpointers", POINTERS);
    if (kernel.a.guards.length > 0) {
      this.functions.push(...validity(kernel, plan).map(({ text }) => text));
      this.functions.push(`static const float @zeros[${this.run}];`);
    }
  }

  /** Statements that decode the batch and give a name to each segment's place, around `body`. */
  private eachSegment(body: string): string {
    return `for (long s = s0; s < s1; s++) {
${decode("s", this.plan.depth.segments)}
${body}
}`;
  }

  /** A's panels: the functions that fill a panel, or list what the register tiles read in place. */
  private renderA(): void {
    const { source } = this.plan.a;
    const direct = this.plan.packA === "direct";
    if (source === "rows") this.functions.push(direct ? this.rowsDirect() : this.rowsPacked());
    else if (source === "lanes") this.functions.push(direct ? this.lanesDirect() : this.lanesPacked());
    else this.functions.push(this.generalPacked());
  }

  private signature(name: string, parameters: string): string {
    return `static __attribute__((noinline)) long @${name}(${HEAD}, const long batch, ${parameters}, ${RANGE}) {
@@declarations
${decode("batch", this.kernel.batch)}`;
  }

  /** Where a segment begins in B: its steps so far when packed, else its place (from step k0 of the run on). */
  private startOfSegment(): string {
    const { plan } = this;
    return plan.packB === "direct" ? linearText(plan.b.linear, plan.depth.segments) : "(s - s0) * kn";
  }

  /** Where segment s of a row begins, in floats from its base. */
  private segmentPlace(): string {
    const { a, depth } = this.plan;
    return `${linearText(a.linear, depth.segments)} + k0`;
  }

  private skipTest(): string {
    if (!this.skips) return "";
    return `if (!(any >> s & 1)) continue;`;
  }

  private anyBits(): string {
    if (!this.skips) return "";
    return `int64_t any = 0; for (long i = 0; i < ${this.plan.rowPanels.size}; i++) any |= bits[i];`;
  }

  /** Pointers of a panel's rows, per segment. */
  private rowsDirect(): string {
    const { plan, kernel } = this;
    return `${this.signature("rows", "const long first, const long h, const float** table, long* starts")}
${rowPointers(kernel, plan, this.target, this.order, this.a)}
${this.anyBits()}
long count = 0;
${this.eachSegment(`${this.skipTest()}
starts[count++] = ${this.startOfSegment()};
${segmentPointers(plan, this.target, this.segmentPlace(), "table")}
table += ${plan.rowPanels.size};`)}
return count;
}`;
  }

  private rowsPacked(): string {
    const { plan, kernel } = this;
    const { size } = plan.rowPanels;
    segmentType(this.support);
    const pack = packRows(this.support, this.target, size);
    const record = this.skips ? `list[count++] = (depth_segment){to, ${this.startOfSegment()}, kn};` : "";
    return `${this.signature("panel", "const long first, const long h, float* to, depth_segment* list")}
${rowPointers(kernel, plan, this.target, this.order, this.a)}
${this.anyBits()}
long count = 0;
${this.skips ? "" : "list[count++] = (depth_segment){to, 0, (s1 - s0) * kn};"}
${this.eachSegment(`${this.skipTest()}
${record}
const float* rows[${padded(size, this.target)}];
${segmentPointers(plan, this.target, this.segmentPlace(), "rows")}
${pack}(rows, kn, to);
to += kn * ${size};`)}
return count;
}`;
  }

  /** Segments of the depth as they meet a group of rows that lie side by side. */
  private lanesDirect(): string {
    const { plan, kernel } = this;
    const { a, b, depth } = plan;
    segmentType(this.support);
    const outer = kernel.rows.slice(0, -1);
    const runName = loopName(depth.run.id);
    const checks = a.access.guards.map((guard) => {
      const along = coefficientOf(guard.expression, depth.run.id);
      const rest = indexText({ ...guard.expression, terms: guard.expression.terms.filter(({ of }) => of !== depth.run.id) }, loopName);
      if (along === 0) return `{ const long g = ${rest}; if (g < 0 || g >= ${guard.size}) continue; }`;
      // 0 <= g + along * k < size
      return `{ const long g = ${rest}; const long low_ = g >= 0 ? 0 : (-g + ${along - 1}) / ${along}, high_ = g >= ${guard.size} ? 0 : (${guard.size} - g + ${along - 1}) / ${along};
if (low_ > low) low = low_; if (high_ < high) high = high_; }`;
    });
    const stepB = plan.packB === "direct" ? strideOf(b.linear, depth.run) : 1;
    return `${this.signature("segments", "const long group, depth_segment* list")}
${decode("group", outer)}
long count = 0;
${this.eachSegment(`long low = k0, high = k0 + kn;
${checks.join("\n")}
if (high <= low) continue;
const long ${runName} = low;
list[count++] = (depth_segment){${this.a} + ${a.linear.constant} + ${linearText(a.linear, [...kernel.batch, ...outer, ...depth.segments, depth.run])}, ${this.startOfSegment()} + (low - k0) * ${stepB}L, high - low};`)}
return count;
}`;
  }

  private lanesPacked(): string {
    const { plan, kernel } = this;
    const { a, depth, rowPanels } = plan;
    segmentType(this.support);
    const pack = packLanes(this.support, this.target, rowPanels.size);
    return `${this.signature("panel", "const long first, const long h, float* to, depth_segment* list")}
list[0] = (depth_segment){to, 0, (s1 - s0) * kn};
for (long i = 0, n; i < h; i += n) {
/* Rows that lie side by side, up to the end of their loop. */
${decode("first + i", kernel.rows)}
n = ${kernel.rows.at(-1)!.size} - ${loopName(kernel.rows.at(-1)!.id)}; if (n > h - i) n = h - i;
const float* const row = ${this.a} + ${a.linear.constant} + ${linearText(a.linear, [...kernel.batch, ...kernel.rows])};
${this.eachSegment(`const float* const from = row + ${linearText(a.linear, depth.segments)} + k0 * ${strideOf(a.linear, depth.run)}L;
float* const at = to + (s - s0) * kn * ${rowPanels.size};
if (n == ${rowPanels.size}) ${pack}(from, ${strideOf(a.linear, depth.run)}L, kn, n, at);
else for (long k = 0; k < kn; k++) for (long j = 0; j < n; j++) at[k * ${rowPanels.size} + i + j] = from[k * ${strideOf(a.linear, depth.run)}L + j];`)}
}
if (h < ${rowPanels.size}) for (long k = 0; k < (s1 - s0) * kn; k++) for (long i = h; i < ${rowPanels.size}; i++) to[k * ${rowPanels.size} + i] = 0;
return 1;
}`;
  }

  /** An element of an operand by its index and guards. */
  private element(operand: "a" | "b"): string {
    const { index, guards, fill } = this.kernel[operand];
    const value = `${this[operand]}[${indexText(index, loopName, 0)}]`;
    if (guards.length === 0) return value;
    return `(${guards.map((guard) => guardText(guard, loopName)).join(" && ")}) ? ${value} : ${literal(fill, "f32")}`;
  }

  private generalPacked(): string {
    const { plan, kernel } = this;
    const { depth, rowPanels } = plan;
    segmentType(this.support);
    return `${this.signature("panel", "const long first, const long h, float* to, depth_segment* list")}
list[0] = (depth_segment){to, 0, (s1 - s0) * kn};
for (long i = 0; i < ${rowPanels.size}; i++) {
${decodeRow("first + (i < h ? i : h - 1)", kernel.rows, this.order)}
float* at = to + i;
${this.eachSegment(`for (long k = k0; k < k0 + kn; k++, at += ${rowPanels.size}) {
const long ${loopName(depth.run.id)} = k;
*at = ${this.element("a")};
}`)}
}
return 1;
}`;
  }

  /** to[k * width + j] = B, for one panel of columns. */
  private renderPackB(): void {
    const { plan, kernel } = this;
    const { b, depth, columnPanels } = plan;
    const { width, count, lastWidth } = columnPanels;
    const [column] = kernel.columns;
    const widths = count > 1 && lastWidth !== width ? [width, lastWidth] : [count > 1 ? width : lastWidth];
    const place = `${this.b} + ${b.linear.constant} + ${linearText(b.linear, [...kernel.batch, ...depth.segments])} + k0 * ${strideOf(b.linear, depth.run)}L`;
    const bodies = widths.map((each) => {
      if (b.source === "lanes") {
        const pack = packLanes(this.support, this.target, each);
        return this.eachSegment(`${pack}(${place} + n0, ${strideOf(b.linear, depth.run)}L, kn, n, to);
to += kn * ${each};`);
      }
      if (b.source === "rows") {
        const pack = packRows(this.support, this.target, each);
        const stride = strideOf(b.linear, column);
        return this.eachSegment(`const float* const from = ${place} + n0 * ${stride}L;
const float* rows[${each}];
for (long j = 0; j < ${each}; j++) rows[j] = from + (j < n ? j : n - 1) * ${stride}L;
${pack}(rows, kn, to);
to += kn * ${each};`);
      }
      return this.eachSegment(`for (long k = k0; k < k0 + kn; k++) for (long j = 0; j < ${each}; j++) {
const long ${loopName(depth.run.id)} = k;
${column ? `const long ${loopName(column.id)} = n0 + (j < n ? j : n - 1);` : ""}
*to++ = ${this.element("b")};
}`);
    });
    const branches = bodies.length === 1 ? bodies[0] : `if (width == ${width}) {\n${bodies[0]}\n} else {\n${bodies[1]}\n}`;
    this.functions.push(`${this.signature("pack", "const long n0, const long n, const long width, float* to")}
${branches}
return 0;
}`);
  }

  /** Chooses the register tile for a panel's height and width. */
  private renderTile(): void {
    const { plan } = this;
    const { rowPanels, columnPanels } = plan;
    const direct = plan.a.source === "rows" && plan.packA === "direct";
    const heights = rowPanels.large === undefined || rowPanels.large === rowPanels.perGroup ? [rowPanels.size] : [rowPanels.size, rowPanels.size - 1];
    // Pointers and packed panels always have the full height.
    const used = plan.a.source === "lanes" && plan.packA === "direct" ? heights : [rowPanels.size];
    const widths = columnPanels.count > 1 && columnPanels.lastWidth !== columnPanels.width ? [columnPanels.width, columnPanels.lastWidth] : [columnPanels.count > 1 ? columnPanels.width : columnPanels.lastWidth];
    const calls = used.flatMap((rows) =>
      widths.map((width) => {
        const shape = { rows, vectors: width / this.target.lanes };
        const name = direct ? rowsKernel(this.support, shape) : lanesKernel(this.support, shape);
        const test = [used.length > 1 ? `h == ${rows}` : "", widths.length > 1 ? `width == ${width}` : ""].filter(Boolean).join(" && ");
        const actual = direct ? "table, starts, count, kn, bu" : "list, count, first, as, bu";
        return `${test ? `if (${test}) ` : ""}${name}(${actual}, b, bs, tile, more);`;
      }),
    );
    const inputs = direct
      ? "const float* const* table, const long* starts, long count, long kn"
      : "const depth_segment* list, long count, long first, long as";
    this.functions.push(`INLINE void @tile(long h, long width, ${inputs}, long bu, const float* b, long bs, float* tile, int more) {
${calls.join("\nelse ")}
}`);
  }

  /** The epilogue: what becomes of a finished tile of sums, `width` floats from row to row. */
  private renderStore(): void {
    const { kernel, plan } = this;
    const [column] = kernel.columns;
    const renderer = new ExpressionRenderer(this.pointers, loopName, () => ({ name: "sum", width: column ? "vector" : "scalar" }));
    const at = (lanes: "all" | string): string => {
      const place = { vector: column?.id, lanes };
      const region = new Region();
      const width = column ? "vector" : "scalar";
      const values = kernel.stores.map(({ value }) => renderer.as(value, width, place, region));
      const stores = kernel.stores.map((store, i) => renderer.store(store, values[i]!, width, place));
      return [...region.lines, ...stores].join("\n");
    };
    let body: string;
    if (column) {
      const name = loopName(column.id);
      renderer.vectorName = name;
      const partial = plan.columns % this.target.lanes !== 0;
      body = `const float* from = tile + r * width;
long ${name} = n0;
for (; ${name} + VL <= end; ${name} += VL, from += VL) {
const vf sum = load_f(from);
${at("all")}
}
${partial ? `if (${name} < end) {\nconst long n = end - ${name};\nconst vf sum = load_f(from);\n${at("n")}\n}` : ""}`;
    } else body = `const float sum = tile[r * width];\n${at("all")}`;
    this.functions.push(`static __attribute__((noinline)) void @store(${HEAD}, const float* tile, long batch, long first, long h, long n0, long end, long width) {
@@declarations
${decode("batch", kernel.batch)}
for (long r = 0; r < h; r++) {
${decodeRow("first + r", kernel.rows, this.order)}
${body}
}
}`);
  }

  /** Declares first (row within the group), h, group of row panel p. */
  private panelText(): string {
    const { groups, perGroup, size, large, length } = this.plan.rowPanels;
    const split = groups > 1 ? `const long group = p / ${perGroup}, at = p % ${perGroup};` : "const long group = 0, at = p;";
    if (large === undefined) return `${split} const long first = at * ${size}, h = ${length} - first < ${size} ? ${length} - first : ${size};`;
    if (large === perGroup) return `${split} const long first = at * ${size}, h = ${size};`;
    return `${split} const long first = at * ${size - 1} + (at < ${large} ? at : ${large}), h = at < ${large} ? ${size} : ${size - 1};`;
  }

  /** Declares n0, n and width of column panel c. */
  private columnText(): string {
    const { width, count, lastWidth } = this.plan.columnPanels;
    const { columns } = this.plan;
    if (count === 1) return `const long n0 = 0, n = ${columns}, width = ${lastWidth};`;
    return `const long n0 = c * ${width}, n = c == ${count - 1} ? ${columns - (count - 1) * width} : ${width}, width = c == ${count - 1} ? ${lastWidth} : ${width};`;
  }

  /** Declares the range of the depth of block number `block` of part number `part`. */
  private rangeText(): string {
    const { depth, parts, block } = this.plan;
    const bySegments = depth.segments.length > 0;
    const units = bySegments ? this.segments : this.run;
    if (parts === 1 && this.blocks === 1) return `const long s0 = 0, s1 = ${bySegments ? this.segments : 1}, k0 = 0, kn = ${this.run};`;
    const lines = [
      parts === 1 ? `const long u0 = block * ${block}, limit = ${units};` : `const long u0 = ${units}L * part / ${parts} + block * ${block}, limit = ${units}L * (part + 1) / ${parts};`,
      `const long u1 = u0 + ${block} < limit ? u0 + ${block} : limit;`,
      bySegments ? `const long s0 = u0, s1 = u1, k0 = 0, kn = ${this.run};` : "const long s0 = 0, s1 = 1, k0 = u0, kn = u1 - u0;",
    ];
    return lines.join("\n");
  }

  private renderMain(): string {
    const { plan, panels } = this;
    const { rowPanels, columnPanels, chunkRows, chunkColumns, packA, packB, parts } = plan;
    const rowBlocks = Math.ceil(panels / chunkRows);
    const columnBlocks = Math.ceil(columnPanels.count / chunkColumns);
    const chunks = plan.batches * parts * rowBlocks * columnBlocks;
    const fullWidth = columnPanels.count > 1 ? columnPanels.width : columnPanels.lastWidth;
    const tileFloats = rowPanels.size * fullWidth;
    const several = parts > 1 || this.blocks > 1;
    const direct = packA === "direct";
    const rowsDirect = direct && plan.a.source === "rows";
    const deep = plan.depth.segments.length > 0 ? this.segments * this.run : this.run;

    // Memory.
    const blockSegments = this.run > 0 ? Math.max(1, Math.ceil(this.deepest / this.run)) : 1;
    const listFloats = this.scratch.take(blockSegments * 6);
    const tableFloats = rowsDirect ? this.scratch.take((blockSegments * rowPanels.size + 8) * 2) : 0;
    const declare: string[] = [`depth_segment* const list = (depth_segment*)((float*)scratch + ${listFloats});`];
    segmentType(this.support);
    if (rowsDirect) declare.push(`const float** const table = (const float**)((float*)scratch + ${tableFloats});`, `long* const starts = (long*)list;`);
    const panelFloats = rowPanels.size * this.deepest;
    if (packA === "chunk") declare.push(`float* const packedA = (float*)scratch + ${this.scratch.take(panelFloats * (plan.rowsOuter ? 1 : chunkRows))};`);
    if (packA === "worker") declare.push(`float* const packedA = (float*)scratch + ${this.scratch.take(panels * rowPanels.size * deep)};`);
    if (packA === "shared") declare.push(`float* const packedA = shared + ${this.shared.take(panels * rowPanels.size * deep)};`);
    if (packB === "chunk") declare.push(`float* const packedB = (float*)scratch + ${this.scratch.take(chunkColumns * fullWidth * this.deepest)};`);
    if (packB === "worker") declare.push(`float* const packedB = (float*)scratch + ${this.scratch.take(this.paddedColumns * deep)};`);
    if (packB === "shared") declare.push(`float* const packedB = shared + ${this.shared.take(this.paddedColumns * deep)};`);
    if (parts > 1) declare.push(`float* const sums = shared + ${this.shared.take(plan.batches * parts * panels * columnPanels.count * tileFloats)};`);
    else if (several) declare.push(`float* const sums = (float*)scratch + ${this.scratch.take(chunkRows * chunkColumns * tileFloats)};`);
    else declare.push(`float tile[${tileFloats}] __attribute__((aligned(64)));`);
    this.memory = declare.join("\n");

    const more = several ? "block > 0" : "0";
    const tile = parts > 1
      ? `float* const tile = sums + ((((batch * ${parts} + part) * ${panels} + p) * ${columnPanels.count}) + c) * ${tileFloats};`
      : several ? `float* const tile = sums + ((p - p0) * ${chunkColumns} + (c - c0)) * ${tileFloats};` : "";
    const bAt = packB === "direct"
      ? `const float* const b = ${this.b} + ${plan.b.linear.constant} + ${linearText(plan.b.linear, this.kernel.batch)} + k0 * ${strideOf(plan.b.linear, plan.depth.run)}L + n0;`
      : packB === "chunk" ? `const float* const b = packedB + (c - c0) * ${fullWidth * this.deepest}L;` : `const float* const b = packedB + (s0 * ${this.run}L + k0) * ${this.paddedColumns}L + n0 * (s1 - s0) * kn;`;
    const bStride = packB === "direct" ? `${strideOf(plan.b.linear, plan.depth.run)}L` : "width";
    const bUnit = packB === "direct" ? "1" : "width";
    const inputs = rowsDirect ? "table, starts, count, kn" : direct ? `list, count, first, ${strideOf(plan.a.linear, plan.depth.run)}L` : `list, count, 0, ${rowPanels.size}`;
    const finish = parts > 1 ? "" : `${this.blocks > 1 ? `if (block == ${this.blocks - 1}) ` : ""}@store(q, tile, batch, group * ${rowPanels.length} + first, h, n0, n0 + n, width);`;
    const compute = `${tile}
@tile(h, width, ${inputs}, ${bUnit}, b, ${bStride}, tile, ${more});
${finish}`;
    const columnLoop = (body: string) => `for (long c = c0; c < c1; c++) {\n${this.columnText()}\n${bAt}\n${body}\n}`;
    const rowLoop = (body: string) => `for (long p = p0; p < p1; p++) {\n${this.panelText()}\n${body}\n}`;
    const address = packA === "chunk" ? (plan.rowsOuter ? "packedA" : `packedA + (p - p0) * ${panelFloats}L`) : `packedA + (s0 * ${this.run}L + k0) * ${panels * rowPanels.size}L + p * ${rowPanels.size}L * (s1 - s0) * kn`;
    let prepare: string;
    if (rowsDirect) prepare = `const long count = @rows(q, batch, first, h, table, starts, ${RANGE_ACTUAL});`;
    else if (direct) prepare = `if (group != listed) { count = @segments(q, batch, group, list, ${RANGE_ACTUAL}); listed = group; }`;
    else if (packA === "chunk") prepare = `const long count = @panel(q, batch, group * ${rowPanels.length} + first, h, ${address}, list, ${RANGE_ACTUAL});`;
    else prepare = `list[0] = (depth_segment){${address}, 0, (s1 - s0) * kn}; const long count = 1;`;
    let loops: string;
    if (plan.rowsOuter) loops = rowLoop(`${prepare}\n${columnLoop(compute)}`);
    else if (packA === "chunk") {
      const packAll = rowLoop(`@panel(q, batch, group * ${rowPanels.length} + first, h, ${address}, list, ${RANGE_ACTUAL});`);
      loops = `${packAll}\n${columnLoop(rowLoop(`list[0] = (depth_segment){${address}, 0, (s1 - s0) * kn}; const long count = 1;\n${compute}`))}`;
    } else loops = columnLoop(rowLoop(`${prepare}\n${compute}`));
    if (direct && !rowsDirect) loops = `long listed = -1, count = 0;\n${loops}`;

    const packColumns = packB === "chunk" ? `for (long c = c0; c < c1; c++) {\n${this.columnText()}\n@pack(q, batch, n0, n, width, packedB + (c - c0) * ${fullWidth * this.deepest}L, ${RANGE_ACTUAL});\n}` : "";
    const blockLoop = this.blocks > 1 ? `for (long block = 0; block < ${this.blocks}; block++) {\n${this.rangeText()}\n${packColumns}\n${loops}\n}` : `${several ? "const long block = 0;" : ""}\n${this.rangeText()}\n${packColumns}\n${loops}`;
    const once = [packA === "worker" ? this.packEveryA("0", "1") : "", packB === "worker" ? this.packEveryB("0", "1") : ""].join("\n");
    return `{
@@declarations
${this.memory}
const long from = ${chunks}L * worker / workers, to = ${chunks}L * (worker + 1) / workers;
if (from == to) return;
${once}
for (long chunk = from; chunk < to; chunk++) {
long rest = chunk;
const long c0 = rest % ${columnBlocks} * ${chunkColumns}, c1 = c0 + ${chunkColumns} < ${columnPanels.count} ? c0 + ${chunkColumns} : ${columnPanels.count}; rest /= ${columnBlocks};
const long p0 = rest % ${rowBlocks} * ${chunkRows}, p1 = p0 + ${chunkRows} < ${panels} ? p0 + ${chunkRows} : ${panels}; rest /= ${rowBlocks};
${parts > 1 ? `const long part = rest % ${parts}; rest /= ${parts};` : ""}
const long batch = rest;
${decode("batch", this.kernel.batch)}
${blockLoop}
}
}`;
  }

  private memory = "";

  /** Packs all of A (which then has one batch), or a worker's share of it. */
  private packEveryA(first: string, step: string): string {
    const { rowPanels } = this.plan;
    return this.overBlocks(`for (long p = ${first}; p < ${this.panels}; p += ${step}) {
${this.panelText()}
@panel(q, 0, group * ${rowPanels.length} + first, h, packedA + (s0 * ${this.run}L + k0) * ${this.panels * rowPanels.size}L + p * ${rowPanels.size}L * (s1 - s0) * kn, list, ${RANGE_ACTUAL});
}`);
  }

  private packEveryB(first: string, step: string): string {
    return this.overBlocks(`for (long c = ${first}; c < ${this.plan.columnPanels.count}; c += ${step}) {
${this.columnText()}
@pack(q, 0, n0, n, width, packedB + (s0 * ${this.run}L + k0) * ${this.paddedColumns}L + n0 * (s1 - s0) * kn, ${RANGE_ACTUAL});
}`);
  }

  private overBlocks(body: string): string {
    return `for (long block = 0; block < ${this.blocks}; block++) {\n${this.rangeText()}\n${body}\n}`;
  }

  private renderPacking(): string {
    const { packA, packB } = this.plan;
    return `{
@@declarations
${this.memory}
${packA === "shared" ? this.packEveryA("worker", "workers") : ""}
${packB === "shared" ? this.packEveryB("worker", "workers") : ""}
}`;
  }

  /** Adds the parts' sums in order, and stores them. */
  private renderReduction(): string {
    const { plan, panels } = this;
    const { rowPanels, columnPanels, parts } = plan;
    const fullWidth = columnPanels.count > 1 ? columnPanels.width : columnPanels.lastWidth;
    const tileFloats = rowPanels.size * fullWidth;
    const tiles = panels * columnPanels.count;
    const units = plan.batches * tiles;
    return `{
@@declarations
${this.memory}
for (long unit = ${units}L * worker / workers, to = ${units}L * (worker + 1) / workers; unit < to; unit++) {
const long batch = unit / ${tiles}, p = unit % ${tiles} / ${columnPanels.count}, c = unit % ${columnPanels.count};
${this.panelText()}
${this.columnText()}
float tile[${tileFloats}] __attribute__((aligned(64)));
const float* from = sums + (batch * ${parts * tiles} + unit % ${tiles}) * ${tileFloats}L;
for (long i = 0; i < ${tileFloats}; i += VL) {
vf sum = load_f(from + i);
for (long part = 1; part < ${parts}; part++) sum += load_f(from + i + part * ${tiles * tileFloats}L);
store_f(tile + i, sum);
}
@store(q, tile, batch, group * ${rowPanels.length} + first, h, n0, n0 + n, width);
}
}`;
  }
}
