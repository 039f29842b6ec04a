import { type BlockedPlan, rowOrder } from "../../../codegen/index.ts";
import type { ContractionKernel } from "../../../passes/index.ts";
import { type Code, i32, ins, local, memory, repeatWhile, when } from "../encode/index.ts";
import type { AssemblerOptions } from "../render/assembler.ts";
import type { Phase, RenderedKernel } from "../render/kernel.ts";
import { add, count, least, multiply, plus, quotient, range, remainder, times } from "./arithmetic.ts";
import { type DirectOutput, directOutput, storeFunction } from "./epilogue.ts";
import { type Chunk, type ColumnPanel, Geometry, type Range, type RowPanel, strided } from "./geometry.ts";
import { FLOAT, VECTOR } from "./lanes.ts";
import { OperandWriter } from "./operand-writer.ts";
import { type Operands, writeOperands } from "./operands.ts";
import { roundPanel } from "./rounding.ts";
import { type Callee, Routine, type Support } from "./routine.ts";
import { Rows } from "./rows.ts";
import { type OfA, type Target, TileCalls } from "./tile-calls.ts";

/** Renders a product by register tiles over panels. */
export function renderBlocked(kernel: ContractionKernel, plan: BlockedPlan, options: AssemblerOptions): RenderedKernel {
  return new BlockedRenderer(kernel, plan, options).render();
}

/** Where the main phase is. */
interface Place extends Chunk {
  readonly batch: Code;
  /** Number of the batch and the part of the depth. */
  readonly slice: Code;
  /** Number of the block of the depth. */
  readonly block: Code;
  readonly range: Range;
}

const NO_CHUNK: Chunk = { p0: i32(0), p1: i32(0), c0: i32(0), c1: i32(0) };

const depthOf = ({ s0, s1, k0, kn }: Range): Code[] => [s0, s1, k0, kn];

class BlockedRenderer {
  readonly #geometry: Geometry;
  readonly #support: Support = new Map();
  readonly #operands: Operands;
  readonly #rows: Rows;
  readonly #store: Callee;
  readonly #direct: DirectOutput | undefined;
  readonly #tiles: TileCalls;

  constructor(
    readonly kernel: ContractionKernel,
    readonly plan: BlockedPlan,
    readonly options: AssemblerOptions,
  ) {
    this.#geometry = new Geometry(plan);
    const { layout, scratch } = this.#geometry;
    this.#rows = new Rows(kernel, plan, layout, rowOrder(kernel, plan), scratch);
    this.#operands = writeOperands(new OperandWriter(kernel, plan, layout, this.#rows, options, this.#support));
    this.#store = storeFunction(kernel, options, this.#support, this.#rows);
    this.#direct = this.#geometry.waits || this.#rows.ordered ? undefined : directOutput(kernel);
    this.#tiles = new TileCalls(kernel, plan, this.#geometry, options, this.#support);
    this.#geometry.planMemory();
  }

  render(): RenderedKernel {
    const { packA, packB, parts } = this.plan;
    const phases: Phase[] = [];
    if (packA === "shared" || packB === "shared") phases.push(this.#phase((routine) => this.#packing(routine)));
    phases.push(this.#phase((routine) => this.#main(routine)));
    if (parts > 1) phases.push(this.#phase((routine) => this.#reduction(routine)));
    const { scratch, shared } = this.#geometry;
    return { phases, support: this.#support, scratchBytes: scratch.bytes, sharedBytes: shared.bytes };
  }

  #phase(write: (routine: Routine) => Code): Phase {
    const routine = new Routine(2, this.options);
    routine.builder.body.push(write(routine));
    return { function: routine.builder, actual: routine.pointers.actual };
  }

  /** The phase in which all workers pack what is shared. */
  #packing(routine: Routine): Code {
    const { packA, packB } = this.plan;
    const [worker, workers] = routine.arguments as [Code, Code];
    return [
      this.#rows.prepare(routine),
      packA === "shared" ? this.#packAllOfA(routine, worker, workers) : [],
      packB === "shared" ? this.#packAllOfB(routine, worker, workers) : [],
    ];
  }

  #packAllOfA(routine: Routine, first: Code, step: Code): Code {
    const { layout } = this.#geometry;
    return this.#geometry.overBlocks(routine, i32(0), (range, _, inner) =>
      inner.push(
        strided(routine, first, i32(layout.panels), step, (p, block) => {
          const panel = this.#geometry.rowPanel(routine, p, block);
          block.push(ins("drop", this.#packRows(routine, i32(0), p, panel, NO_CHUNK, range)));
        }),
      ),
    );
  }

  #packAllOfB(routine: Routine, first: Code, step: Code): Code {
    const { columnPanels } = this.plan;
    const panels = (body: (c: Code, block: Code[]) => void) =>
      strided(routine, first, i32(columnPanels.count), step, body);
    return this.#geometry.overBlocks(routine, i32(0), (range, _, inner) =>
      inner.push(this.#packColumns(routine, i32(0), NO_CHUNK, range, panels)),
    );
  }

  /** Packs a panel of rows; leaves the number of listed segments. */
  #packRows(routine: Routine, batch: Code, p: Code, { flat, h }: RowPanel, chunk: Chunk, range: Range): Code {
    const { list, table } = this.#memory(routine);
    const to = this.#geometry.panelOfA(routine, p, chunk, range);
    const listed = routine.call(this.#operands.ofA, batch, flat, h, to, list, table, ...depthOf(range));
    return [listed, this.#round(routine, to, range, i32(this.#geometry.layout.height))];
  }

  /** Rounds a packed panel of so many rows or columns to the precision of the product. */
  #round(routine: Routine, panel: Code, range: Range, width: Code): Code {
    if (!this.kernel.precision) return [];
    const bytes = times(multiply(this.#geometry.steps(range), width), FLOAT);
    return routine.callShared(roundPanel(this.#support), panel, add(panel, bytes));
  }

  #memory(routine: Routine): { readonly list: Code; readonly table: Code } {
    return { list: this.#geometry.list(routine), table: this.#geometry.table(routine) };
  }

  /** Packs panels of columns, which `panels` goes through: memory is read row by row as far as possible. */
  #packColumns(
    routine: Routine,
    batch: Code,
    chunk: Chunk,
    range: Range,
    panels: (body: (c: Code, block: Code[]) => void) => Code,
  ): Code {
    const { table } = this.#memory(routine);
    const pack = (piece: Range, before: Code): Code =>
      panels((c, block) => {
        const { n0, n, width } = this.#geometry.columnPanel(routine, c, block);
        const start = this.#geometry.panelOfB(routine, n0, chunk, range);
        const to = add(start, multiply(before, times(width, FLOAT)));
        block.push(
          routine.call(this.#operands.ofB!, batch, n0, n, to, table, ...depthOf(piece)),
          this.#round(routine, to, piece, width),
        );
      });
    return this.plan.b.source === "lanes" ? this.#geometry.overPieces(routine, range, pack) : pack(range, i32(0));
  }

  #main(routine: Routine): Code {
    const { plan } = this;
    const { panels } = this.#geometry.layout;
    const { columnPanels, chunkRows, chunkColumns, packA, packB, parts } = plan;
    const rowChunks = Math.ceil(panels / chunkRows);
    const columnChunks = Math.ceil(columnPanels.count / chunkColumns);
    const chunks = plan.batches * parts * rowChunks * columnChunks;
    const before = [
      this.#rows.prepare(routine),
      packA === "worker" ? this.#packAllOfA(routine, i32(0), i32(1)) : [],
      packB === "worker" ? this.#packAllOfB(routine, i32(0), i32(1)) : [],
    ];
    return this.#share(routine, chunks, before, (chunk, inner) => {
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
      const slice = rest;
      const part = digit(parts);
      const batch = rest;
      routine.at(batch, this.kernel.batch, inner, (atBatch) =>
        atBatch.push(
          this.#geometry.overBlocks(routine, part, (depth, block, code) => {
            const place: Place = { batch, slice, block, p0, p1, c0, c1, range: depth };
            if (packB === "chunk") code.push(this.#packChunk(routine, place));
            code.push(plan.rowsOuter ? this.#rowByRow(routine, place) : this.#columnByColumn(routine, place));
          }),
        ),
      );
    });
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
        repeatWhile(block, ins("i32.lt_s", next, local.get(to))),
      ]),
    ];
  }

  /** Packs a chunk's own columns. */
  #packChunk(routine: Routine, place: Place): Code {
    const { batch, c0, c1, range } = place;
    return this.#packColumns(routine, batch, place, range, (body) =>
      count(routine.builder, c0, c1, 1, (c) => {
        const inner: Code[] = [];
        body(local.get(c), inner);
        return inner;
      }),
    );
  }

  /** A chunk, one panel of rows after the other: A's panel stays in the nearest cache, the chunk's part of B in the next one. */
  #rowByRow(routine: Routine, place: Place): Code {
    const { plan } = this;
    const { batch, range, p0, p1 } = place;
    const { list, table } = this.#memory(routine);
    const segments = routine.integer();
    const listed = routine.integer();
    const rows = count(routine.builder, p0, p1, 1, (index) => {
      const p = local.get(index);
      const inner: Code[] = [];
      const panel = this.#geometry.rowPanel(routine, p, inner);
      let ofA: OfA = { segments: local.get(segments), first: i32(0), step: i32(0) };
      if (this.#geometry.byPointers) {
        const call = routine.call(this.#operands.ofA, batch, panel.flat, panel.h, table, list, ...depthOf(range));
        inner.push(local.set(segments, call));
      } else if (plan.packA === "direct") {
        ofA = { ...ofA, first: times(panel.first, FLOAT) };
        const call = routine.call(this.#operands.ofA, batch, panel.group, list, ...depthOf(range));
        const next = [local.set(segments, call), local.set(listed, panel.group)];
        inner.push(when(ins("i32.ne", panel.group, local.get(listed)), next));
      } else if (plan.packA === "chunk") {
        inner.push(local.set(segments, this.#packRows(routine, batch, p, panel, place, range)));
      } else {
        inner.push(local.set(segments, i32(1)), this.#whole(routine, p, place));
      }
      this.#row(routine, place, p, panel, ofA, inner);
      return inner;
    });
    return [local.set(listed, i32(-1)), rows];
  }

  /** Lists a panel of A, and those after it, that are packed whole. */
  #whole(routine: Routine, p: Code, place: Place): Code {
    const { list } = this.#memory(routine);
    return [
      memory("i32.store", list, 0, this.#geometry.panelOfA(routine, p, place, place.range)),
      memory("i32.store", list, 4, i32(0)),
      memory("i32.store", list, 8, this.#geometry.steps(place.range)),
    ];
  }

  /** All columns of a chunk for one panel of rows. */
  #row(routine: Routine, place: Place, p: Code, panel: RowPanel, ofA: OfA, block: Code[]): void {
    const { c0, c1, slice, batch } = place;
    const { height } = this.#geometry.layout;
    const n0 = routine.hold(this.#geometry.firstColumn(c0), block);
    const sums = this.#geometry.sums(routine, place, slice, p, n0, i32(0));
    const [at, stride] = [routine.integer(), routine.integer()];
    const direct = this.#direct;
    // Panels that lack rows are finished in memory of their own.
    const missing = ins("i32.ne", panel.h, i32(height));
    const own = [local.set(at, sums.at), local.set(stride, sums.stride)];
    if (!direct) block.push(own);
    else {
      const out = direct.at(routine, panel.flat, n0);
      block.push(when(missing, own, [local.set(at, out), local.set(stride, i32(direct.stride))]));
    }
    const target: Target = { at: local.get(at), stride: local.get(stride), more: this.#more(place) };
    block.push(this.#tiles.acrossColumns(routine, place, place.range, panel, ofA, target));
    if (this.plan.parts > 1) return;
    const end = this.#geometry.endColumn(c1);
    const store = routine.call(this.#store, sums.at, batch, panel.flat, panel.h, n0, end, sums.stride);
    block.push(direct ? when(missing, store) : this.#afterLast(place, store));
  }

  /** Whether sums are added to those of earlier blocks. */
  #more({ block }: Place): Code {
    return this.#geometry.layout.blocks > 1 ? ins("i32.gt_s", block, i32(0)) : i32(0);
  }

  #afterLast({ block }: Place, code: Code): Code {
    const { blocks } = this.#geometry.layout;
    return blocks > 1 ? when(ins("i32.eq", block, i32(blocks - 1)), code) : code;
  }

  /** A chunk, one panel of columns after the other: B's panel stays in the nearest cache, the chunk's part of A in the next one. */
  #columnByColumn(routine: Routine, place: Place): Code {
    const { p0, p1, c0, c1 } = place;
    const packed =
      this.plan.packA === "chunk"
        ? count(routine.builder, p0, p1, 1, (p) => {
            const inner: Code[] = [];
            const panel = this.#geometry.rowPanel(routine, local.get(p), inner);
            return [inner, ins("drop", this.#packRows(routine, place.batch, local.get(p), panel, place, place.range))];
          })
        : [];
    return [
      packed,
      this.#whole(routine, p0, place),
      count(routine.builder, c0, c1, 1, (c) => {
        const inner: Code[] = [];
        this.#column(routine, place, this.#geometry.columnPanel(routine, local.get(c), inner), inner);
        return inner;
      }),
    ];
  }

  /** All rows of a chunk for one panel of columns. */
  #column(routine: Routine, place: Place, column: ColumnPanel, block: Code[]): void {
    const { batch, p0, p1, slice } = place;
    const { rows, parts } = this.plan;
    const { height } = this.#geometry.layout;
    const first = routine.hold(times(p0, height), block);
    const all = routine.hold(ins("i32.sub", p1, p0), block);
    const end = add(column.n0, column.n);
    const store = (at: Code, from: Code, stride: Code): Code => {
      const to = least(times(p1, height), i32(rows));
      return routine.call(this.#store, at, batch, from, ins("i32.sub", to, from), column.n0, end, stride);
    };
    const direct = this.#direct;
    if (!direct) {
      const sums = this.#geometry.sums(routine, place, slice, p0, column.n0, column.width);
      const [at, stride] = [routine.hold(sums.at, block), routine.hold(sums.stride, block)];
      const target: Target = { at, stride, more: this.#more(place) };
      block.push(this.#tiles.downRows(routine, place, place.range, i32(0), all, column, target));
      if (parts === 1) block.push(this.#afterLast(place, store(at, first, stride)));
      return;
    }
    const exist = quotient(i32(rows), height);
    const whole = routine.hold(ins("i32.sub", least(p1, exist), p0), block);
    const out = direct.at(routine, first, column.n0);
    const target: Target = { at: out, stride: i32(direct.stride), more: i32(0) };
    block.push(
      when(
        ins("i32.gt_s", whole, i32(0)),
        this.#tiles.downRows(routine, place, place.range, i32(0), whole, column, target),
      ),
    );
    if (rows % height === 0) return;
    // The last panel lacks rows: it is finished in memory of its own.
    const inner: Code[] = [];
    const last = routine.hold(plus(p1, -1), inner);
    const sums = this.#geometry.sums(routine, place, slice, last, column.n0, column.width);
    const own: Target = { at: sums.at, stride: sums.stride, more: i32(0) };
    inner.push(
      this.#tiles.downRows(routine, place, place.range, whole, i32(1), column, own),
      store(sums.at, times(last, height), sums.stride),
    );
    block.push(when(ins("i32.lt_s", whole, all), inner));
  }

  /** The phase that adds the parts' sums in order, and stores them. */
  #reduction(routine: Routine): Code {
    const { columns, parts, batches } = this.plan;
    const { panels, height, paddedColumns } = this.#geometry.layout;
    const floats = height * paddedColumns;
    const sum = routine.builder.local("v128");
    const from = routine.integer();
    return this.#share(routine, batches * panels, this.#rows.prepare(routine), (unit, inner) => {
      const [batch, p] = [routine.hold(quotient(unit, panels), inner), routine.hold(remainder(unit, panels), inner)];
      const panel = this.#geometry.rowPanel(routine, p, inner);
      // The sum ends where the first part's was.
      const place = this.#geometry.sums(routine, NO_CHUNK, times(batch, parts), p, i32(0), i32(0));
      const tile = routine.hold(place.at, inner);
      const next = plus(local.get(from), panels * floats * FLOAT);
      inner.push(
        count(routine.builder, i32(0), i32(floats * FLOAT), VECTOR, (i) => [
          local.set(from, add(tile, local.get(i))),
          local.set(sum, memory("v128.load", local.get(from), 0)),
          range(parts - 1).map(() => [
            local.set(from, next),
            local.set(sum, ins("f32x4.add", local.get(sum), memory("v128.load", local.get(from), 0))),
          ]),
          memory("v128.store", add(tile, local.get(i)), 0, local.get(sum)),
        ]),
        routine.call(this.#store, tile, batch, panel.flat, panel.h, i32(0), i32(columns), place.stride),
      );
    });
  }
}
