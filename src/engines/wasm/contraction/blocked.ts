import { type BlockedPlan, Layout, rowOrder, strideOf } from "../../../codegen/index.ts";
import type { ContractionKernel } from "../../../passes/index.ts";
import { type Code, call, i32, ins, type LocalReference, local, memory, when } from "../encode/index.ts";
import type { AssemblerOptions } from "../render/assembler.ts";
import type { Phase, RenderedKernel } from "../render/kernel.ts";
import { add, count, least, multiply, plus, quotient, range, remainder, times } from "./arithmetic.ts";
import { storeFunction } from "./epilogue.ts";
import { MemoryPlan } from "./memory-plan.ts";
import { FLOAT, lanesKernel, rowsKernel, VECTOR } from "./microkernel.ts";
import { Operands, type Range } from "./operands.ts";
import { type Callee, Routine, type Support } from "./routine.ts";
import { Rows } from "./rows.ts";

/** Renders a product by register tiles over panels. */
export function renderBlocked(kernel: ContractionKernel, plan: BlockedPlan, options: AssemblerOptions): RenderedKernel {
  return new BlockedRenderer(kernel, plan, options).render();
}

/** A panel of rows: `flat` is its first row among all rows. */
interface RowPanel {
  readonly group: Code;
  readonly first: Code;
  readonly flat: Code;
  readonly h: Code;
}

interface ColumnPanel {
  readonly n0: Code;
  readonly n: Code;
  readonly width: Code;
}

/** Where a phase is: its chunk of the work and the range of the depth. */
interface Chunk {
  readonly batch: Code;
  readonly part: Code;
  readonly block: Code;
  readonly p0: Code;
  readonly p1: Code;
  readonly c0: Code;
  readonly c1: Code;
  readonly range: Range;
}

/** Places in scratch and shared memory, in bytes. */
interface Places {
  readonly list: number;
  readonly table: number;
  readonly packedA: number;
  readonly packedB: number;
  readonly sums: number;
}

class BlockedRenderer {
  readonly #layout: Layout;
  readonly #support: Support = new Map();
  readonly #operands: Operands;
  readonly #rows: Rows;
  readonly #store: Callee;
  readonly #scratch = new MemoryPlan();
  readonly #shared = new MemoryPlan();
  /** Whether register tiles read the rows of A by pointers. */
  readonly #byPointers: boolean;
  /** Whether sums wait in memory for further blocks or parts of the depth. */
  readonly #waits: boolean;
  readonly #places: Places;

  constructor(
    readonly kernel: ContractionKernel,
    readonly plan: BlockedPlan,
    readonly options: AssemblerOptions,
  ) {
    this.#layout = new Layout(plan);
    this.#rows = new Rows(kernel, plan, this.#layout, rowOrder(kernel, plan), this.#scratch);
    this.#operands = new Operands(kernel, plan, this.#layout, this.#rows, options, this.#support);
    this.#store = storeFunction(kernel, options, this.#support, this.#rows);
    this.#byPointers = plan.a.source === "rows" && plan.packA === "direct";
    this.#waits = plan.parts > 1 || this.#layout.blocks > 1;
    this.#places = this.#planMemory();
  }

  render(): RenderedKernel {
    const { packA, packB, parts } = this.plan;
    const phases: Phase[] = [];
    if (packA === "shared" || packB === "shared")
      phases.push(this.#phase((routine, block) => this.#packing(routine, block)));
    phases.push(this.#phase((routine, block) => this.#main(routine, block)));
    if (parts > 1) phases.push(this.#phase((routine, block) => this.#reduction(routine, block)));
    return {
      phases,
      support: this.#support,
      scratchBytes: this.#scratch.bytes,
      sharedBytes: this.#shared.bytes,
    };
  }

  #phase(write: (routine: Routine, block: Code[]) => void): Phase {
    const routine = new Routine(2, this.options);
    const block: Code[] = [];
    write(routine, block);
    routine.builder.body.push(block);
    return { function: routine.builder, actual: routine.pointers.actual };
  }

  #planMemory(): Places {
    const { plan } = this;
    const { packA, packB, parts, batches, chunkRows, chunkColumns, columnPanels } = plan;
    const { height, width, panels, deep, deepest, paddedColumns, tileFloats, run } = this.#layout;
    const segments = Math.max(1, Math.ceil(deepest / (run || 1)));
    const panelsA = { direct: 0, chunk: plan.rowsOuter ? 1 : chunkRows, worker: panels, shared: panels }[packA];
    const floatsA = panelsA * height * (packA === "chunk" ? deepest : deep);
    const floatsB = packB === "chunk" ? chunkColumns * width * deepest : packB === "direct" ? 0 : paddedColumns * deep;
    const tiles = panels * columnPanels.count;
    const own = (floats: number) => this.#scratch.take(floats);
    const common = (floats: number) => this.#shared.take(floats);
    return {
      list: own(segments * 3),
      table: own((this.#byPointers ? segments : 1) * Math.max(height, width)),
      packedA: packA === "shared" ? common(floatsA) : own(floatsA),
      packedB: packB === "shared" ? common(floatsB) : own(floatsB),
      sums:
        parts > 1
          ? common(batches * parts * tiles * tileFloats)
          : own((this.#waits ? chunkRows * chunkColumns : 1) * tileFloats),
    };
  }

  #at(routine: Routine, place: "list" | "table" | "packedA" | "packedB" | "sums"): Code {
    const { packA, packB, parts } = this.plan;
    const shared = {
      list: false,
      table: false,
      packedA: packA === "shared",
      packedB: packB === "shared",
      sums: parts > 1,
    };
    return plus(routine.pointers.memory(shared[place] ? "shared" : "scratch"), this.#places[place]);
  }

  #rowPanel(routine: Routine, p: Code, block: Code[]): RowPanel {
    const { groups, perGroup, size, large, length } = this.plan.rowPanels;
    const hold = (value: Code) => routine.hold(value, block);
    const group = groups > 1 ? hold(quotient(p, perGroup)) : i32(0);
    const at = groups > 1 ? hold(remainder(p, perGroup)) : p;
    const flat = (first: Code) => (groups > 1 ? hold(add(multiply(group, i32(length)), first)) : first);
    if (large === perGroup || large === undefined) {
      const first = hold(times(at, size));
      const h = large === undefined ? hold(least(ins("i32.sub", i32(length), first), i32(size))) : i32(size);
      return { group, first, flat: flat(first), h };
    }
    const first = hold(add(multiply(at, i32(size - 1)), least(at, i32(large))));
    const h = hold(ins("select", i32(size), i32(size - 1), ins("i32.lt_s", at, i32(large))));
    return { group, first, flat: flat(first), h };
  }

  #columnPanel(routine: Routine, c: Code, block: Code[]): ColumnPanel {
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

  /** The range of the depth in block number `block` of part number `part`. */
  #range(routine: Routine, part: Code, number: Code, block: Code[]): Range {
    const { parts, block: size } = this.plan;
    const { bySegments, segments, run, blocks } = this.#layout;
    const units = bySegments ? segments : run;
    if (parts === 1 && blocks === 1) return { s0: i32(0), s1: i32(segments), k0: i32(0), kn: i32(run) };
    // A product of the depth and the number of parts fits 32 bits: the operands themselves lie in less memory.
    const bound = (of: Code): Code => (parts === 1 ? i32(0) : ins("i32.div_u", multiply(of, i32(units)), i32(parts)));
    const limit = parts === 1 ? i32(units) : routine.hold(bound(plus(part, 1)), block);
    const u0 = routine.hold(add(bound(part), times(number, size)), block);
    const u1 = routine.hold(least(plus(u0, size), limit), block);
    if (bySegments) return { s0: u0, s1: u1, k0: i32(0), kn: i32(run) };
    return { s0: i32(0), s1: i32(1), k0: u0, kn: routine.hold(ins("i32.sub", u1, u0), block) };
  }

  /** Arguments of the functions of {@link Operands}. */
  static #arguments({ s0, s1, k0, kn }: Range): Code[] {
    return [s0, s1, k0, kn];
  }

  /** Where a packed panel of the current range is, when all of its operand is packed. */
  #packedPanel(routine: Routine, operand: "a" | "b", range: Range, panel: { p: Code } | ColumnPanel): Code {
    const { run, panels, height, paddedColumns } = this.#layout;
    const before = add(times(range.s0, run), range.k0);
    const steps = multiply(ins("i32.sub", range.s1, range.s0), range.kn);
    if (operand === "a" && "p" in panel) {
      const inside = multiply(times(panel.p, height * FLOAT), steps);
      return add(this.#at(routine, "packedA"), times(before, panels * height * FLOAT), inside);
    }
    const inside = multiply(times((panel as ColumnPanel).n0, FLOAT), steps);
    return add(this.#at(routine, "packedB"), times(before, paddedColumns * FLOAT), inside);
  }

  #overBlocks(routine: Routine, body: (range: Range, inner: Code[]) => void): Code {
    const each = (number: Code): Code => {
      const block: Code[] = [];
      body(this.#range(routine, i32(0), number, block), block);
      return block;
    };
    const { blocks } = this.#layout;
    return blocks === 1 ? each(i32(0)) : count(routine.builder, i32(0), i32(blocks), 1, (b) => each(local.get(b)));
  }

  #packAllOfA(routine: Routine, first: Code, step: Code): Code {
    return this.#overBlocks(routine, (range, inner) =>
      inner.push(
        this.#strided(routine, first, i32(this.#layout.panels), step, (p, block) => {
          const { flat, h } = this.#rowPanel(routine, p, block);
          const to = this.#packedPanel(routine, "a", range, { p });
          block.push(this.#packPanel(routine, i32(0), flat, h, to, range), 0x1a);
        }),
      ),
    );
  }

  #packPanel(routine: Routine, batch: Code, flat: Code, h: Code, to: Code, range: Range): Code {
    const [list, table] = [this.#at(routine, "list"), this.#at(routine, "table")];
    const depth = BlockedRenderer.#arguments(range);
    return routine.call(this.#operands.ofA, batch, flat, h, to, list, table, ...depth);
  }

  #packAllOfB(routine: Routine, first: Code, step: Code): Code {
    return this.#overBlocks(routine, (range, inner) =>
      inner.push(
        this.#strided(routine, first, i32(this.plan.columnPanels.count), step, (c, block) => {
          const panel = this.#columnPanel(routine, c, block);
          const to = this.#packedPanel(routine, "b", range, panel);
          block.push(this.#packColumnPanel(routine, i32(0), panel, to, range));
        }),
      ),
    );
  }

  #packColumnPanel(routine: Routine, batch: Code, { n0, n }: ColumnPanel, to: Code, range: Range): Code {
    const depth = BlockedRenderer.#arguments(range);
    return routine.call(this.#operands.ofB!, batch, n0, n, to, this.#at(routine, "table"), ...depth);
  }

  /** A loop by a step that is known at run time. */
  #strided(routine: Routine, from: Code, to: Code, step: Code, body: (index: Code, block: Code[]) => void): Code {
    const index = routine.integer();
    const block: Code[] = [];
    body(local.get(index), block);
    const next = local.tee(index, add(local.get(index), step));
    return [
      local.set(index, from),
      when(ins("i32.lt_s", local.get(index), to), [0x03, 0x40, block, ins("i32.lt_s", next, to), 0x0d, 0, 0x0b]),
    ];
  }

  /** The phase in which all workers pack what is shared. */
  #packing(routine: Routine, block: Code[]): void {
    const { packA, packB } = this.plan;
    const [worker, workers] = routine.arguments as [Code, Code];
    block.push(this.#rows.prepare(routine));
    if (packA === "shared") block.push(this.#packAllOfA(routine, worker, workers));
    if (packB === "shared") block.push(this.#packAllOfB(routine, worker, workers));
  }

  #main(routine: Routine, block: Code[]): void {
    const { plan } = this;
    const { panels, blocks } = this.#layout;
    const { columnPanels, chunkRows, chunkColumns, packA, packB, parts } = plan;
    const rowChunks = Math.ceil(panels / chunkRows);
    const columnChunks = Math.ceil(columnPanels.count / chunkColumns);
    const chunks = plan.batches * parts * rowChunks * columnChunks;
    const work: Code[] = [this.#rows.prepare(routine)];
    if (packA === "worker") work.push(this.#packAllOfA(routine, i32(0), i32(1)));
    if (packB === "worker") work.push(this.#packAllOfB(routine, i32(0), i32(1)));
    const share = this.#share(routine, chunks, work, (chunk, inner) => {
      const hold = (value: Code) => routine.hold(value, inner);
      let rest = chunk;
      const digit = (size: number): Code => {
        if (size === 1) return i32(0);
        const value = hold(remainder(rest, size));
        rest = hold(quotient(rest, size));
        return value;
      };
      const c0 = hold(times(digit(columnChunks), chunkColumns));
      const c1 = hold(least(plus(c0, chunkColumns), i32(columnPanels.count)));
      const p0 = hold(times(digit(rowChunks), chunkRows));
      const p1 = hold(least(plus(p0, chunkRows), i32(panels)));
      const part = digit(parts);
      const batch = rest;
      routine.at(batch, this.kernel.batch, inner, (atBatch) => {
        const each = (number: Code): Code => {
          const code: Code[] = [];
          const depth = this.#range(routine, part, number, code);
          const place: Chunk = { batch, part, block: number, p0, p1, c0, c1, range: depth };
          this.#packColumns(routine, place, code);
          this.#panels(routine, place, code);
          return code;
        };
        atBatch.push(
          blocks === 1 ? each(i32(0)) : count(routine.builder, i32(0), i32(blocks), 1, (b) => each(local.get(b))),
        );
      });
    });
    block.push(share);
  }

  /** Goes through this worker's share of `total` units, if it has any, after `before`. */
  #share(routine: Routine, total: number, before: Code, body: (unit: Code, block: Code[]) => void): Code {
    const [worker] = routine.arguments as [Code];
    const [unit, to] = [routine.integer(), routine.integer()];
    const block: Code[] = [];
    body(local.get(unit), block);
    const next = local.tee(unit, plus(local.get(unit), 1));
    return [
      local.set(unit, routine.assembler.shareOf(total, worker)),
      local.set(to, routine.assembler.shareOf(total, plus(worker, 1))),
      when(ins("i32.lt_s", local.get(unit), local.get(to)), [
        before,
        [0x03, 0x40, block, ins("i32.lt_s", next, local.get(to)), 0x0d, 0, 0x0b],
      ]),
    ];
  }

  /** Packs a chunk's own columns. */
  #packColumns(routine: Routine, { batch, c0, c1, range }: Chunk, block: Code[]): void {
    if (this.plan.packB !== "chunk") return;
    block.push(
      count(routine.builder, c0, c1, 1, (c) => {
        const inner: Code[] = [];
        const panel = this.#columnPanel(routine, local.get(c), inner);
        inner.push(this.#packColumnPanel(routine, batch, panel, this.#ownColumns(routine, local.get(c), c0), range));
        return inner;
      }),
    );
  }

  #ownColumns(routine: Routine, c: Code, c0: Code): Code {
    const { width, deepest } = this.#layout;
    return add(this.#at(routine, "packedB"), times(ins("i32.sub", c, c0), width * deepest * FLOAT));
  }

  /** Goes through the panels of a chunk. */
  #panels(routine: Routine, chunk: Chunk, block: Code[]): void {
    const { packA, rowsOuter } = this.plan;
    const { batch, range, p0, p1, c0, c1 } = chunk;
    const depth = BlockedRenderer.#arguments(range);
    const { height, deepest } = this.#layout;
    const [list, table] = [this.#at(routine, "list"), this.#at(routine, "table")];
    const rows = (body: (p: Code, panel: RowPanel, inner: Code[]) => void): Code =>
      count(routine.builder, p0, p1, 1, (p) => {
        const inner: Code[] = [];
        body(local.get(p), this.#rowPanel(routine, local.get(p), inner), inner);
        return inner;
      });
    const columns = (body: (c: Code, panel: ColumnPanel, inner: Code[]) => void): Code =>
      count(routine.builder, c0, c1, 1, (c) => {
        const inner: Code[] = [];
        body(local.get(c), this.#columnPanel(routine, local.get(c), inner), inner);
        return inner;
      });
    const number = routine.integer();
    const compute = (p: Code, panel: RowPanel, c: Code, column: ColumnPanel, inner: Code[]): void =>
      this.#compute(routine, chunk, { p, panel, c, column, segments: number }, inner);
    if (this.#byPointers) {
      const listed = (panel: RowPanel): Code =>
        routine.call(this.#operands.ofA, batch, panel.flat, panel.h, table, list, ...depth);
      block.push(
        rows((p, panel, inner) => {
          inner.push(local.set(number, listed(panel)));
          inner.push(columns((c, column, each) => compute(p, panel, c, column, each)));
        }),
      );
      return;
    }
    if (packA === "direct") {
      const group = routine.integer();
      block.push(local.set(group, i32(-1)));
      block.push(
        rows((p, panel, inner) => {
          inner.push(
            when(ins("i32.ne", panel.group, local.get(group)), [
              local.set(number, routine.call(this.#operands.ofA, batch, panel.group, list, ...depth)),
              local.set(group, panel.group),
            ]),
            columns((c, column, each) => compute(p, panel, c, column, each)),
          );
        }),
      );
      return;
    }
    const one = (at: Code): Code => [
      memory("i32.store", list, 0, at),
      memory("i32.store", list, 4, i32(0)),
      memory("i32.store", list, 8, multiply(ins("i32.sub", range.s1, range.s0), range.kn)),
      local.set(number, i32(1)),
    ];
    const own = packA === "chunk";
    const place = (p: Code): Code =>
      own
        ? add(this.#at(routine, "packedA"), times(ins("i32.sub", p, p0), height * deepest * FLOAT))
        : this.#packedPanel(routine, "a", range, { p });
    if (own && rowsOuter) {
      block.push(
        rows((p, panel, inner) => {
          const packed = this.#packPanel(routine, batch, panel.flat, panel.h, this.#at(routine, "packedA"), range);
          inner.push(
            local.set(number, packed),
            columns((c, column, each) => compute(p, panel, c, column, each)),
          );
        }),
      );
      return;
    }
    if (own) {
      block.push(
        rows((p, panel, inner) =>
          inner.push(this.#packPanel(routine, batch, panel.flat, panel.h, place(p), range), 0x1a),
        ),
      );
    }
    if (rowsOuter) {
      block.push(
        rows((p, panel, inner) =>
          inner.push(
            one(place(p)),
            columns((c, column, each) => compute(p, panel, c, column, each)),
          ),
        ),
      );
      return;
    }
    block.push(
      columns((c, column, inner) =>
        inner.push(
          rows((p, panel, each) => {
            each.push(one(place(p)));
            compute(p, panel, c, column, each);
          }),
        ),
      ),
    );
  }

  /** One register tile: row panel p by column panel c. */
  #compute(
    routine: Routine,
    chunk: Chunk,
    at: {
      readonly p: Code;
      readonly panel: RowPanel;
      readonly c: Code;
      readonly column: ColumnPanel;
      readonly segments: LocalReference;
    },
    block: Code[],
  ): void {
    const { plan } = this;
    const { tileFloats, panels, blocks } = this.#layout;
    const { parts, columnPanels, chunkColumns } = plan;
    const { batch, part, block: number, p0, c0 } = chunk;
    const { p, panel, c, column, segments } = at;
    const tiles =
      parts > 1
        ? add(multiply(add(multiply(add(times(batch, parts), part), i32(panels)), p), i32(columnPanels.count)), c)
        : add(times(ins("i32.sub", p, p0), chunkColumns), ins("i32.sub", c, c0));
    const sums = this.#at(routine, "sums");
    const tile = routine.hold(this.#waits ? add(sums, times(tiles, tileFloats * FLOAT)) : sums, block);
    const more = blocks > 1 ? ins("i32.gt_s", number, i32(0)) : i32(0);
    block.push(this.#tile(routine, chunk, panel, c, column, segments, tile, more));
    if (parts > 1) return;
    const end = add(column.n0, column.n);
    const store = routine.call(this.#store, tile, batch, panel.flat, panel.h, column.n0, end, column.width);
    block.push(blocks > 1 ? when(ins("i32.eq", number, i32(blocks - 1)), store) : store);
  }

  /** Calls the micro-kernel for a panel's height and width. */
  #tile(
    routine: Routine,
    { range: depth, c0 }: Chunk,
    { first, h }: RowPanel,
    c: Code,
    column: ColumnPanel,
    segments: LocalReference,
    tile: Code,
    more: Code,
  ): Code {
    const { plan, kernel } = this;
    const { packA, packB, a, b, depth: loops } = plan;
    const { size, large, perGroup } = plan.rowPanels;
    const stepB = strideOf(b.linear, loops.run);
    const directB = () =>
      add(
        routine.offset(b.linear, kernel.batch, routine.pointers.base(b.access)),
        times(depth.k0, stepB * FLOAT),
        times(column.n0, FLOAT),
      );
    const placeOfB =
      packB === "direct"
        ? directB()
        : packB === "chunk"
          ? this.#ownColumns(routine, c, c0)
          : this.#packedPanel(routine, "b", depth, column);
    const [list, table] = [this.#at(routine, "list"), this.#at(routine, "table")];
    const direct = packA === "direct";
    const exact = a.source === "lanes" && direct && large !== perGroup;
    const heights = exact ? [size, size - 1] : [size];
    const calls = heights.flatMap((rows) =>
      this.#layout.widths.map((width) => {
        const shape = { rows, vectors: (width * FLOAT) / VECTOR };
        const fused = this.options.fusedMultiplyAdd;
        const unit = i32(packB === "direct" ? FLOAT : width * FLOAT);
        const strideB = i32((packB === "direct" ? stepB : width) * FLOAT);
        const strideA = i32((direct ? strideOf(a.linear, loops.run) : this.#layout.height) * FLOAT);
        const head = this.#byPointers
          ? [table, list, local.get(segments), depth.kn, unit]
          : [list, local.get(segments), direct ? times(first, FLOAT) : i32(0), strideA, unit];
        const name = (this.#byPointers ? rowsKernel : lanesKernel)(this.#support, shape, fused);
        const tests = [
          ...(heights.length > 1 ? [ins("i32.eq", h, i32(rows))] : []),
          ...(this.#layout.widths.length > 1 ? [ins("i32.eq", column.width, i32(width))] : []),
        ];
        const test = tests.reduce<Code | undefined>((all, each) => (all ? ins("i32.and", all, each) : each), undefined);
        return { test, code: call(name, ...head, placeOfB, strideB, tile, more) };
      }),
    );
    return calls.reduceRight<Code>((otherwise, { test, code }, i) => {
      if (!test || i === calls.length - 1) return code;
      return when(test, code, otherwise);
    }, []);
  }

  /** The phase that adds the parts' sums in order, and stores them. */
  #reduction(routine: Routine, block: Code[]): void {
    const { columnPanels, parts, batches } = this.plan;
    const { tileFloats, panels } = this.#layout;
    const tiles = panels * columnPanels.count;
    const sum = routine.builder.local("v128");
    const share = this.#share(routine, batches * tiles, this.#rows.prepare(routine), (unit, inner) => {
      const hold = (value: Code) => routine.hold(value, inner);
      const [batch, inBatch] = [hold(quotient(unit, tiles)), hold(remainder(unit, tiles))];
      const [p, c] = [hold(quotient(inBatch, columnPanels.count)), hold(remainder(inBatch, columnPanels.count))];
      const panel = this.#rowPanel(routine, p, inner);
      const column = this.#columnPanel(routine, c, inner);
      // The sum ends where the first part's was.
      const first = add(times(batch, parts * tiles), inBatch);
      const tile = hold(add(this.#at(routine, "sums"), times(first, tileFloats * FLOAT)));
      inner.push(
        count(routine.builder, i32(0), i32(tileFloats * FLOAT), VECTOR, (i) => {
          const from = routine.integer();
          return [
            local.set(from, add(tile, local.get(i))),
            local.set(sum, memory("v128.load", local.get(from), 0)),
            range(parts - 1).map(() => [
              local.set(from, plus(local.get(from), tiles * tileFloats * FLOAT)),
              local.set(sum, ins("f32x4.add", local.get(sum), memory("v128.load", local.get(from), 0))),
            ]),
            memory("v128.store", add(tile, local.get(i)), 0, local.get(sum)),
          ];
        }),
        routine.call(this.#store, tile, batch, panel.flat, panel.h, column.n0, add(column.n0, column.n), column.width),
      );
    });
    block.push(share);
  }
}
