import { type BlockedPlan, rowOrder, strideOf, type Target } from "../../../codegen/index.ts";
import type { ContractionKernel } from "../../../passes/index.ts";
import { Pointers } from "../render/pointers.ts";
import { type PlainStore, plainStore, storeFunction } from "./epilogue.ts";
import { LayoutText } from "./layout.ts";
import { lanesKernel, rowsKernel, type Support } from "./microkernel.ts";
import { OperandWriter } from "./operands.ts";
import { roundingFunctions } from "./pairs.ts";
import { Memory, type RenderedContraction } from "./rendered.ts";
import { RoundedCopy } from "./rounded-copy.ts";
import { decode, linearText } from "./text.ts";

/** What is known of a product's operands beside how they are read. */
interface Operands {
  /** B, which is packed by all workers together, is packed once for all turns. */
  readonly prepared: boolean;
  /** Elements of a buffer. */
  readonly lengthOf: (buffer: number) => number;
  /** Whether both are rounded to bfloat16 in copies of float32, for a kernel that knows nothing of it. Default false. */
  readonly rounded?: boolean;
}

/** Renders a product by register tiles over panels. */
export function renderBlocked(
  kernel: ContractionKernel,
  plan: BlockedPlan,
  target: Target,
  operands: Operands,
): RenderedContraction {
  // Pairs of steps do not go across blocks of the depth.
  const whole =
    kernel.precision && plan.depth.segments.length === 0 ? { ...plan, block: 2 * Math.ceil(plan.block / 2) } : plan;
  return new BlockedRenderer(kernel, whole, target, operands).render();
}

const RANGE = "s0, s1, k0, kn";

/** Panels of the largest chunk. */
const largest = (panels: number, most: number): number => Math.ceil(panels / evenly(panels, most));

/** How many chunks of at most `most` panels: of several, a number that two and four workers share evenly. */
function evenly(panels: number, most: number): number {
  const least = Math.ceil(panels / most);
  const even = least > 4 ? 4 * Math.ceil(least / 4) : least === 3 ? 4 : least;
  return Math.min(panels, even);
}

class BlockedRenderer {
  private readonly layout: LayoutText;
  private readonly pointers = new Pointers();
  private readonly support: Support = new Map();
  private readonly operands: OperandWriter;
  private readonly functions: string[];
  private readonly scratch = new Memory();
  private readonly shared = new Memory();
  private readonly kept = new Memory();
  /** Whether register tiles read the rows of A by pointers. */
  private readonly byPointers: boolean;
  /** Whether sums wait in memory for further blocks or parts of the depth. */
  private readonly waits: boolean;
  /** Whether the first tile of a chunk's column panel also packs it. */
  private readonly packsAlong: boolean;
  /** Where whole tiles are stored by themselves. */
  private readonly plain: PlainStore | undefined;
  private readonly prepared: boolean;
  /** Of A, and perhaps of B, in the order in which they are named. */
  private readonly copies: readonly RoundedCopy[];
  /** Declarations of what lies in scratch and shared memory. */
  private readonly memory: string;

  constructor(
    private readonly kernel: ContractionKernel,
    private readonly plan: BlockedPlan,
    private readonly target: Target,
    { prepared, lengthOf, rounded = false }: Operands,
  ) {
    this.prepared = prepared;
    this.byPointers = plan.a.source === "rows" && plan.packA === "direct";
    const { a, b, batch, rows, columns, depth } = kernel;
    const names = { a: this.pointers.name(a), b: this.pointers.name(b) };
    const copied = [
      { name: "a" as const, access: a, loops: [...batch, ...rows, ...depth] },
      { name: "b" as const, access: b, loops: [...batch, ...depth, ...columns] },
    ].slice(0, rounded ? 2 : kernel.precision && this.byPointers ? 1 : 0);
    this.copies = copied.map(({ name, access, loops }) => {
      const source = names[name];
      names[name] = `rounded_${name}`;
      return new RoundedCopy(names[name], source, access, loops, lengthOf(access.buffer), !rounded);
    });
    if (rounded) roundingFunctions(this.support);
    const order = rowOrder(kernel, plan);
    this.layout = new LayoutText(plan, kernel.precision === "bfloat16");
    this.operands = new OperandWriter(kernel, plan, this.layout, target, order, this.support, names);
    this.waits = plan.parts > 1 || this.layout.blocks > 1;
    // Guards cut the depth short for some rows: their tile would leave steps unpacked that others read.
    const isWhole = plan.packA !== "direct" || plan.a.access.guards.length === 0;
    this.packsAlong =
      isWhole &&
      !kernel.precision &&
      plan.packB === "chunk" &&
      plan.b.source === "lanes" &&
      plan.depth.segments.length === 0 &&
      plan.chunkRows > 1;
    this.plain = this.waits ? undefined : plainStore(kernel, order);
    this.functions = [
      ...this.operands.functions,
      this.tileFunction(false),
      ...(this.packsAlong ? [this.tileFunction(true)] : []),
      storeFunction(kernel, target, this.pointers, order),
    ];
    this.memory = this.planMemory();
  }

  render(): RenderedContraction {
    const { packA, packB, parts } = this.plan;
    const phases = [{ body: this.main(), once: false }];
    const sharedB = packB === "shared" && !this.prepared;
    if (packA === "shared" || sharedB) phases.unshift({ body: this.packing(packA === "shared", sharedB), once: false });
    // What is packed may come from copies.
    if (this.copies.length > 0) phases.unshift({ body: this.copying(), once: false });
    if (this.prepared) phases.unshift({ body: this.packing(false, true), once: true });
    if (parts > 1) phases.push({ body: this.reduction(), once: false });
    const actual = this.pointers.actual();
    const head = [
      ...this.pointers.declarations(),
      `char* const scratch = q[${actual.length}];`,
      `float* const shared = (float*)q[${actual.length + 1}];`,
      ...this.copies.map((copy) => copy.declaration(this.shared.take(copy.words))),
      ...(this.prepared ? [`float* const prepared = (float*)q[${actual.length + 2}];`] : []),
    ].join("\n");
    return {
      support: this.support,
      helpers: this.functions.join("\n").replaceAll("@@declarations", head),
      phases: phases.map(({ body, once }) => ({ body: body.replaceAll("@@declarations", head), once })),
      actual: [...actual, "scratch", "shared", ...(this.prepared ? ["prepared"] : [])],
      scratchBytes: this.scratch.floats * 4,
      sharedBytes: this.shared.floats * 4,
      preparedBytes: this.kept.floats * 4,
    };
  }

  /** Whether no panel is filled up: of those that are, all have the same height. */
  private get exact(): boolean {
    return this.plan.rowPanels.large !== undefined;
  }

  /** Chooses the register tile for a panel's height and width; those that pack have the full width. */
  private tileFunction(packs: boolean): string {
    const { plan, layout } = this;
    const { size, large, perGroup } = plan.rowPanels;
    const heights = this.exact && large !== perGroup ? [size, size - 1] : [size];
    const actual = this.byPointers ? "table, starts, count, kn, bu" : "list, count, first, as, bu";
    const widths = packs ? [layout.width] : layout.widths;
    const calls = heights.flatMap((rows) =>
      widths.map((width) => {
        const shape = { rows, vectors: width / this.target.lanes, packs, pairs: layout.pairs };
        const name = this.byPointers ? rowsKernel(this.support, shape) : lanesKernel(this.support, shape);
        const tests = [
          heights.length > 1 ? [`h == ${rows}`] : [],
          widths.length > 1 ? [`width == ${width}`] : [],
        ].flat();
        const test = tests.length > 0 ? `if (${tests.join(" && ")}) ` : "";
        return `${test}${name}(${actual}, b, bs, ${packs ? "to, " : ""}tile, ts, more);`;
      }),
    );
    const inputs = this.byPointers
      ? "const float* const* table, const long* starts, long count, long kn"
      : "const depth_segment* list, long count, long first, long as";
    const to = packs ? "float* to, " : "";
    const parameters = `long h, long width, ${inputs}, long bu, const float* b, long bs, ${to}float* tile, long ts, int more`;
    return `INLINE void @tile${packs ? "_packing" : ""}(${parameters}) {\n${calls.join("\nelse ")}\n}`;
  }

  private planMemory(): string {
    const { plan, layout } = this;
    const { packA, packB, parts, batches, chunkRows, chunkColumns, columnPanels } = plan;
    const { height, width, panels, deepWords, deepest, deepestWords, paddedColumns, tileFloats } = layout;
    const own = (floats: number) => `(float*)scratch + ${this.scratch.take(floats)}`;
    const common = (floats: number) => `shared + ${this.shared.take(floats)}`;
    const segments = Math.max(1, Math.ceil(deepest / (layout.run || 1)));
    const declarations = [`depth_segment* const list = (depth_segment*)(${own(segments * 6)});`];
    if (this.byPointers) {
      // Pointers are written in whole vectors: some more than needed.
      const table = own(segments * height * 2 + 32);
      declarations.push(`const float** const table = (const float**)(${table});`, "long* const starts = (long*)list;");
    }
    const chunkA = plan.rowsOuter ? 1 : largest(panels, chunkRows);
    const panelsA = { direct: 0, chunk: chunkA, worker: panels, shared: panels }[packA];
    const floatsA = panelsA * height * (packA === "chunk" ? deepestWords : deepWords);
    const placeOfB = () => (this.prepared ? `prepared + ${this.kept.take(floatsB)}` : common(floatsB));
    const chunkB = largest(columnPanels.count, chunkColumns) * width * deepestWords;
    const floatsB = packB === "chunk" ? chunkB : paddedColumns * deepWords;
    if (packA !== "direct")
      declarations.push(`float* const packedA = ${packA === "shared" ? common(floatsA) : own(floatsA)};`);
    if (packB !== "direct")
      declarations.push(`float* const packedB = ${packB === "shared" ? placeOfB() : own(floatsB)};`);
    const tiles = panels * columnPanels.count;
    if (parts > 1) declarations.push(`float* const sums = ${common(batches * parts * tiles * tileFloats)};`);
    else if (this.waits) declarations.push(`float* const sums = ${own(chunkRows * chunkColumns * tileFloats)};`);
    else declarations.push(`float tile[${tileFloats}] __attribute__((aligned(64)));`);
    return declarations.join("\n");
  }

  /** Where a packed panel of the current range is, when all of its operand is packed. */
  private placeOfPanel(operand: "a" | "b"): string {
    const { layout } = this;
    const before = layout.before();
    if (operand === "a")
      return `packedA + ${before} * ${layout.panels * layout.height}L + p * ${layout.height}L * (s1 - s0) * ${layout.words}`;
    return `packedB + ${before} * ${layout.paddedColumns}L + n0 * (s1 - s0) * ${layout.words}`;
  }

  private packAllOfA(first: string, step: string): string {
    const { layout, plan } = this;
    return this.overBlocks(`for (long p = ${first}; p < ${layout.panels}; p += ${step}) {
${layout.panelText()}
@panel(q, 0, group * ${plan.rowPanels.length} + first, h, ${this.placeOfPanel("a")}, list, ${RANGE});
}`);
  }

  private packAllOfB(first: string, step: string): string {
    const { layout, plan } = this;
    return this.overBlocks(`for (long c = ${first}; c < ${plan.columnPanels.count}; c += ${step}) {
${layout.columnText()}
@pack(q, 0, n0, n, ${this.placeOfPanel("b")}, ${RANGE});
}`);
  }

  /** Goes through the whole depth: every block of every part. */
  private overBlocks(body: string): string {
    const { layout } = this;
    const { parts } = this.plan;
    const blocks = `for (long block = 0; block < ${layout.blocks}; block++) {\n${layout.rangeText()}\n${body}\n}`;
    return parts > 1 ? `for (long part = 0; part < ${parts}; part++) {\n${blocks}\n}` : blocks;
  }

  /** A phase in which all workers copy what is read of operands, rounded. */
  private copying(): string {
    return `{\n@@declarations\n${this.copies.map((copy) => copy.copy()).join("\n")}\n}`;
  }

  /** A phase in which all workers pack what is shared. */
  private packing(a: boolean, b: boolean): string {
    return `{
@@declarations
${this.memory}
${a ? this.packAllOfA("worker", "workers") : ""}
${b ? this.packAllOfB("worker", "workers") : ""}
}`;
  }

  private main(): string {
    const { plan, layout } = this;
    const { columnPanels, chunkRows, chunkColumns, packA, packB, parts } = plan;
    const rowChunks = evenly(layout.panels, chunkRows);
    const columnChunks = evenly(columnPanels.count, chunkColumns);
    const chunks = plan.batches * parts * rowChunks * columnChunks;
    const range = (name: string, chunks: number, panels: number) =>
      `const long ${name}0 = rest % ${chunks} * ${panels}L / ${chunks}, ${name}1 = (rest % ${chunks} + 1) * ${panels}L / ${chunks};`;
    const once = [
      packA === "worker" ? this.packAllOfA("0", "1") : "",
      packB === "worker" ? this.packAllOfB("0", "1") : "",
    ];
    // Without a share of its own a worker does not help either: it would prepare for too little.
    const idle = `if (${chunks}L * worker / workers == ${chunks}L * (worker + 1) / workers) return;`;
    const prepare = once.some((text) => text !== "") ? [idle, ...once].join("\n") : "";
    const block = layout.blocks > 1 ? "" : "const long block = 0; (void)block;\n";
    const inside = `${layout.rangeText()}\n${this.packColumns()}\n${this.panels()}`;
    return `{
@@declarations
${this.memory}
${prepare}
work_range range = {${chunks}L, worker, workers, 0, 0, 0, of};
EACH_RANGE(range) for (long chunk = range.from; chunk < range.to; chunk++) {
long rest = chunk;
${range("c", columnChunks, columnPanels.count)}
rest /= ${columnChunks};
${range("p", rowChunks, layout.panels)}
rest /= ${rowChunks};
${parts > 1 ? `const long part = rest % ${parts}; rest /= ${parts};` : ""}
const long batch = rest;
${decode("batch", this.kernel.batch)}
${layout.blocks > 1 ? `for (long block = 0; block < ${layout.blocks}; block++) {\n${inside}\n}` : block + inside}
}
}`;
  }

  /** Packs a chunk's own columns, unless its first tiles do. */
  private packColumns(): string {
    if (this.plan.packB !== "chunk" || this.packsAlong) return "";
    const { layout } = this;
    const place = `packedB + (c - c0) * ${layout.width * layout.deepestWords}L`;
    return `for (long c = c0; c < c1; c++) {\n${layout.columnText()}\n@pack(q, batch, n0, n, ${place}, ${RANGE});\n}`;
  }

  /** Goes through the panels of a chunk. */
  private panels(): string {
    const { plan, layout } = this;
    const { packA, rowsOuter, rowPanels } = plan;
    const rows = (body: string) => `for (long p = p0; p < p1; p++) {\n${layout.panelText()}\n${body}\n}`;
    const columns = (body: string) => `for (long c = c0; c < c1; c++) {\n${layout.columnText()}\n${body}\n}`;
    const flat = `group * ${rowPanels.length} + first`;
    const packed = (place: string) =>
      `list[0] = (depth_segment){${place}, 0, (s1 - s0) * ${layout.words}}; const long count = 1;`;
    const compute = this.compute();
    if (this.byPointers) {
      return rows(`const long count = @rows(q, batch, first, h, table, starts, ${RANGE});\n${columns(compute)}`);
    }
    if (packA === "direct") {
      const list = `if (group != listed) { count = @segments(q, batch, group, list, ${RANGE}); listed = group; }`;
      return `long listed = -1, count = 0;\n${rows(`${list}\n${columns(compute)}`)}`;
    }
    if (packA === "chunk") {
      const pack = (place: string) => `@panel(q, batch, ${flat}, h, ${place}, list, ${RANGE});`;
      if (rowsOuter) return rows(`const long count = ${pack("packedA")}\n${columns(compute)}`);
      const place = `packedA + (p - p0) * ${layout.height * layout.deepestWords}L`;
      return `${rows(pack(place))}\n${columns(rows(`${packed(place)}\n${compute}`))}`;
    }
    const prepare = packed(this.placeOfPanel("a"));
    return rowsOuter ? rows(`${prepare}\n${columns(compute)}`) : columns(rows(`${prepare}\n${compute}`));
  }

  /** One register tile: row panel p by column panel c. */
  private compute(): string {
    const { plan, layout, kernel } = this;
    const { packB, packA, parts, depth, a, b, rowPanels, columnPanels, chunkColumns } = plan;
    const step = strideOf(b.linear, depth.run);
    const direct = `${this.operands.b} + ${b.linear.constant} + ${linearText(b.linear, kernel.batch)} + k0 * ${step}L + n0`;
    const place = {
      direct,
      chunk: `packedB + (c - c0) * ${layout.width * layout.deepestWords}L`,
      worker: this.placeOfPanel("b"),
      shared: this.placeOfPanel("b"),
    }[packB];
    const [unit, stride] = packB === "direct" ? ["1", `${step}L`] : ["width", "width"];
    const inputs = this.byPointers
      ? `table, starts, count, ${layout.words}`
      : packA === "direct"
        ? `list, count, first, ${strideOf(a.linear, depth.run)}L`
        : `list, count, 0, ${layout.height}`;
    const number =
      parts > 1
        ? `((batch * ${parts} + part) * ${layout.panels} + p) * ${columnPanels.count} + c`
        : `(p - p0) * ${chunkColumns} + (c - c0)`;
    const row = `group * ${rowPanels.length} + first`;
    const last = layout.blocks > 1 ? `if (block == ${layout.blocks - 1}) ` : this.plain ? "if (!whole) " : "";
    const store = parts > 1 ? "" : `${last}@store(q, tile, batch, ${row}, h, n0, n0 + n, width);`;
    const tile = [
      this.waits ? `float* const tile = sums + (${number}) * ${layout.tileFloats};` : "",
      this.plain ? `const int whole = n == width${this.exact ? "" : ` && h == ${rowPanels.size}`};` : "",
      this.plain ? `float* const to = whole ? ${this.placeOf(this.plain, row)} : tile;` : "float* const to = tile;",
      `const long ts = ${this.plain ? `whole ? ${this.plain.rowStride}L : width` : "width"};`,
    ].join("\n");
    const more = layout.blocks > 1 ? "block > 0" : "0";
    const compute = `@tile(h, width, ${inputs}, ${unit}, b, ${stride}, to, ts, ${more});`;
    if (!this.packsAlong) return `const float* const b = ${place};\n${tile}\n${compute}\n${store}`;
    // The last columns may end within a vector.
    const partial =
      plan.columns % layout.width === 0
        ? ""
        : `if (n < ${layout.width}) { if (p == p0) @pack(q, batch, n0, n, b, ${RANGE}); ${compute} } else`;
    return `float* const b = ${place};
${tile}
${partial} if (p == p0) @tile_packing(h, width, ${inputs}, 1, ${direct}, ${step}L, b, to, ts, ${more});
else ${compute}
${store}`;
  }

  /** Where the sums of a row begin, at column n0. */
  private placeOf({ access, linear, rowStride }: PlainStore, row: string): string {
    const place = `${linear.constant} + ${linearText(linear, this.kernel.batch)} + (${row}) * ${rowStride}L + n0`;
    return `${this.pointers.name(access)} + ${place}`;
  }

  /** The phase that adds the parts' sums in order, and stores them. */
  private reduction(): string {
    const { plan, layout } = this;
    const { rowPanels, columnPanels, parts, batches } = plan;
    const { tileFloats } = layout;
    const tiles = layout.panels * columnPanels.count;
    const units = batches * tiles;
    return `{
@@declarations
${this.memory}
work_range range = {${units}L, worker, workers, 0, 0, 0, of};
EACH_RANGE(range) for (long unit = range.from; unit < range.to; unit++) {
const long batch = unit / ${tiles}, p = unit % ${tiles} / ${columnPanels.count}, c = unit % ${columnPanels.count};
(void)c;
${layout.panelText()}
${layout.columnText()}
float tile[${tileFloats}] __attribute__((aligned(64)));
const float* const from = sums + (batch * ${parts * tiles} + unit % ${tiles}) * ${tileFloats}L;
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
