import { type BlockedPlan, Layout } from "../../../codegen/index.ts";
import { type Code, i32, ins, local, repeatWhile, when } from "../encode/index.ts";
import { add, count, least, multiply, plus, quotient, remainder, times } from "./arithmetic.ts";
import { FLOAT } from "./lanes.ts";
import { MemoryPlan } from "./memory-plan.ts";
import { SEGMENT_BYTES } from "./microkernel.ts";
import type { Routine } from "./routine.ts";

/** Part of the depth: segments s0 .. s1, and in each `kn` steps of the run from k0 on. */
export interface Range {
  readonly s0: Code;
  readonly s1: Code;
  readonly k0: Code;
  readonly kn: Code;
}

/** A panel of rows: `first` is its first row in its group, `flat` among all rows; `h` rows exist. */
export interface RowPanel {
  readonly group: Code;
  readonly first: Code;
  readonly flat: Code;
  readonly h: Code;
}

/** A panel of columns n0 .. n0 + n - 1, `width` floats wide. */
export interface ColumnPanel {
  readonly n0: Code;
  readonly n: Code;
  readonly width: Code;
}

/** Panels p0 .. p1 of rows by panels c0 .. c1 of columns. */
export interface Chunk {
  readonly p0: Code;
  readonly p1: Code;
  readonly c0: Code;
  readonly c1: Code;
}

export type Operand = "a" | "b";

/** Steps of the depth that are packed for one panel after the other: so many rows of memory are in the processor's reach. */
const STEPS_AT_ONCE = 32;

/** Where everything is in a product by register tiles: panels, blocks of the depth, packed operands and sums. */
export class Geometry {
  readonly layout: Layout;
  readonly scratch = new MemoryPlan();
  readonly shared = new MemoryPlan();
  /** Whether sums wait in memory for further blocks or parts of the depth. */
  readonly waits: boolean;
  /** Whether there are panels of one row less than others, which have kernels of their own. */
  readonly uneven: boolean;
  /** Columns of a chunk in memory, in floats. */
  readonly chunkWidth: number;
  #list = 0;
  #table = 0;
  #packedA = 0;
  #packedB = 0;
  #sums = 0;

  constructor(readonly plan: BlockedPlan) {
    this.layout = new Layout(plan);
    const { rowPanels, chunkColumns, columnPanels } = plan;
    this.waits = plan.parts > 1 || this.layout.blocks > 1;
    this.uneven = plan.a.source === "lanes" && plan.packA === "direct" && rowPanels.large !== rowPanels.perGroup;
    const all = chunkColumns === columnPanels.count;
    this.chunkWidth = all ? this.layout.paddedColumns : chunkColumns * this.layout.width;
  }

  /** Whether register tiles read the rows of A by pointers. */
  get byPointers(): boolean {
    return this.plan.a.source === "rows" && this.plan.packA === "direct";
  }

  /** Takes the memory, after whatever else is in it. */
  planMemory(): void {
    const { plan, scratch, shared } = this;
    const { packA, packB, parts, batches, chunkRows } = plan;
    const { height, width, panels, deep, deepest, paddedColumns, run } = this.layout;
    const segments = Math.max(1, Math.ceil(deepest / (run || 1)));
    const panelsA = { direct: 0, chunk: plan.rowsOuter ? 1 : chunkRows, worker: panels, shared: panels }[packA];
    const floatsA = panelsA * height * (packA === "chunk" ? deepest : deep);
    const floatsB = {
      direct: 0,
      chunk: this.chunkWidth * deepest,
      worker: paddedColumns * deep,
      shared: paddedColumns * deep,
    };
    this.#list = scratch.take((segments * SEGMENT_BYTES) / FLOAT);
    this.#table = scratch.take((this.byPointers ? segments : 1) * Math.max(height, width));
    this.#packedA = (packA === "shared" ? shared : scratch).take(floatsA);
    this.#packedB = (packB === "shared" ? shared : scratch).take(floatsB[packB]);
    const chunkPanels = this.waits || !plan.rowsOuter ? chunkRows : 1;
    const floatsOfSums =
      parts > 1 ? batches * parts * panels * height * paddedColumns : chunkPanels * height * this.chunkWidth;
    this.#sums = (parts > 1 ? shared : scratch).take(floatsOfSums);
  }

  /** The list of segments, and the table of addresses. */
  list(routine: Routine): Code {
    return plus(routine.pointers.memory("scratch"), this.#list);
  }

  table(routine: Routine): Code {
    return plus(routine.pointers.memory("scratch"), this.#table);
  }

  rowPanel(routine: Routine, p: Code, block: Code[]): RowPanel {
    const { groups, perGroup, size, large, length } = this.plan.rowPanels;
    const hold = (value: Code) => routine.hold(value, block);
    const group = groups > 1 ? hold(quotient(p, perGroup)) : i32(0);
    const at = groups > 1 ? hold(remainder(p, perGroup)) : p;
    const flat = (first: Code) => (groups > 1 ? hold(add(multiply(group, i32(length)), first)) : first);
    if (!this.uneven) {
      const first = hold(times(at, size));
      const h = length % size === 0 ? i32(size) : hold(least(ins("i32.sub", i32(length), first), i32(size)));
      return { group, first, flat: flat(first), h };
    }
    const first = hold(add(multiply(at, i32(size - 1)), least(at, i32(large!))));
    const h = hold(ins("select", i32(size), i32(size - 1), ins("i32.lt_s", at, i32(large!))));
    return { group, first, flat: flat(first), h };
  }

  columnPanel(routine: Routine, c: Code, block: Code[]): ColumnPanel {
    const { columns, columnPanels } = this.plan;
    const { width, count: panels, lastWidth } = columnPanels;
    if (panels === 1) return { n0: i32(0), n: i32(columns), width: i32(lastWidth) };
    const n0 = routine.hold(times(c, width), block);
    const rest = columns - (panels - 1) * width;
    const last = ins("i32.eq", c, i32(panels - 1));
    const choice = (ofLast: number): Code =>
      ofLast === width ? i32(width) : routine.hold(ins("select", i32(ofLast), i32(width), last), block);
    return { n0, n: choice(rest), width: choice(lastWidth) };
  }

  /** First column of panel c, and the column after those of panel c. */
  firstColumn(c: Code): Code {
    return times(c, this.layout.width);
  }

  endColumn(c1: Code): Code {
    const { columns, columnPanels } = this.plan;
    return columnPanels.count === 1 ? i32(columns) : least(times(c1, columnPanels.width), i32(columns));
  }

  /** The range of the depth in block number `block` of part number `part`. */
  range(routine: Routine, part: Code, number: Code, block: Code[]): Range {
    const { parts, block: size } = this.plan;
    const { bySegments, segments, run, blocks } = this.layout;
    const units = bySegments ? segments : run;
    if (parts === 1 && blocks === 1) return { s0: i32(0), s1: i32(segments), k0: i32(0), kn: i32(run) };
    const bound = (of: Code): Code => (parts === 1 ? i32(0) : quotient(multiply(of, i32(units)), parts));
    const limit = parts === 1 ? i32(units) : routine.hold(bound(plus(part, 1)), block);
    const u0 = routine.hold(add(bound(part), times(number, size)), block);
    const u1 = routine.hold(least(plus(u0, size), limit), block);
    if (bySegments) return { s0: u0, s1: u1, k0: i32(0), kn: i32(run) };
    return { s0: i32(0), s1: i32(1), k0: u0, kn: routine.hold(ins("i32.sub", u1, u0), block) };
  }

  /** Steps of the depth in a range. */
  steps({ s0, s1, kn }: Range): Code {
    return this.plan.depth.segments.length === 0 ? kn : multiply(ins("i32.sub", s1, s0), kn);
  }

  /** Code for each block of the depth, of part `part`. */
  overBlocks(routine: Routine, part: Code, body: (range: Range, number: Code, inner: Code[]) => void): Code {
    const each = (number: Code): Code => {
      const block: Code[] = [];
      body(this.range(routine, part, number, block), number, block);
      return block;
    };
    const { blocks } = this.layout;
    if (blocks === 1) return each(i32(0));
    return count(routine.builder, i32(0), i32(blocks), 1, (number) => each(local.get(number)));
  }

  /** Code for pieces of a range, with the steps of the range before each: what is packed for all panels before the next is. */
  overPieces(routine: Routine, whole: Range, body: (piece: Range, before: Code) => Code): Code {
    const { s0, s1, k0, kn } = whole;
    if (this.plan.depth.segments.length > 0) {
      return count(routine.builder, s0, s1, 1, (number) => {
        const s = local.get(number);
        return body({ ...whole, s0: s, s1: plus(s, 1) }, multiply(ins("i32.sub", s, s0), kn));
      });
    }
    return count(routine.builder, i32(0), kn, STEPS_AT_ONCE, (number) => {
      const before = local.get(number);
      const block: Code[] = [];
      const steps = routine.hold(least(i32(STEPS_AT_ONCE), ins("i32.sub", kn, before)), block);
      return [block, body({ s0, s1, k0: add(k0, before), kn: steps }, before)];
    });
  }

  /** Where packed panel p of A begins for a range. */
  panelOfA(routine: Routine, p: Code, { p0 }: Chunk, range: Range): Code {
    const { packA, rowsOuter } = this.plan;
    const { height, panels } = this.layout;
    const bytes = times(this.steps(range), height * FLOAT);
    const start = plus(routine.pointers.memory(packA === "shared" ? "shared" : "scratch"), this.#packedA);
    if (packA === "chunk") return rowsOuter ? start : add(start, multiply(ins("i32.sub", p, p0), bytes));
    return add(start, times(this.#before(range), panels * height * FLOAT), multiply(p, bytes));
  }

  /** Where the packed panel of B that begins at column n0 begins for a range. */
  panelOfB(routine: Routine, n0: Code, { c0 }: Chunk, range: Range): Code {
    const { packB } = this.plan;
    const start = plus(routine.pointers.memory(packB === "shared" ? "shared" : "scratch"), this.#packedB);
    if (packB === "chunk") {
      return add(start, multiply(ins("i32.sub", n0, this.firstColumn(c0)), times(this.steps(range), FLOAT)));
    }
    const before = times(this.#before(range), this.layout.paddedColumns * FLOAT);
    return add(start, before, multiply(n0, times(this.steps(range), FLOAT)));
  }

  #before({ s0, k0 }: Range): Code {
    return add(times(s0, this.layout.run), k0);
  }

  /** Where the sums of row panel p begin, from column n0 on. */
  sums(routine: Routine, { p0, c0 }: Chunk, slice: Code, p: Code, n0: Code, width: Code): { at: Code; stride: Code } {
    const { parts, rowsOuter } = this.plan;
    const { height, panels, paddedColumns } = this.layout;
    const start = plus(routine.pointers.memory(parts > 1 ? "shared" : "scratch"), this.#sums);
    if (parts > 1) {
      const row = times(add(multiply(slice, i32(panels)), p), height);
      return { at: add(start, times(add(times(row, paddedColumns), n0), FLOAT)), stride: i32(paddedColumns * FLOAT) };
    }
    const column = times(ins("i32.sub", n0, this.firstColumn(c0)), FLOAT);
    if (this.waits) {
      const row = times(ins("i32.sub", p, p0), height * this.chunkWidth * FLOAT);
      return { at: add(start, row, column), stride: i32(this.chunkWidth * FLOAT) };
    }
    if (rowsOuter) return { at: add(start, column), stride: i32(this.chunkWidth * FLOAT) };
    return {
      at: add(start, multiply(ins("i32.sub", p, p0), times(width, height * FLOAT))),
      stride: times(width, FLOAT),
    };
  }
}

/** A loop by a step that is known at run time. */
export function strided(
  routine: Routine,
  from: Code,
  to: Code,
  by: Code,
  body: (index: Code, block: Code[]) => void,
): Code {
  const index = routine.integer();
  const block: Code[] = [];
  body(local.get(index), block);
  const next = local.tee(index, add(local.get(index), by));
  return [
    local.set(index, from),
    when(ins("i32.lt_s", local.get(index), to), repeatWhile(block, ins("i32.lt_s", next, to))),
  ];
}
