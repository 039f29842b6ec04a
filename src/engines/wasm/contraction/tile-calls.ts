import { type BlockedPlan, strideOf } from "../../../codegen/index.ts";
import type { ContractionKernel } from "../../../passes/index.ts";
import { type Code, call, i32, ins, when } from "../encode/index.ts";
import type { AssemblerOptions } from "../render/assembler.ts";
import { add, multiply, times } from "./arithmetic.ts";
import type { Chunk, ColumnPanel, Geometry, Range, RowPanel } from "./geometry.ts";
import { FLOAT, VECTOR } from "./lanes.ts";
import { lanesKernel, rowsKernel, type TileArguments, tileArguments } from "./microkernel.ts";
import type { Routine, Support } from "./routine.ts";

/** Where the sums of tiles go. */
export interface Target {
  readonly at: Code;
  readonly stride: Code;
  /** Not 0: they are added to what is there. */
  readonly more: Code;
}

/** A panel of A as it is listed: so many segments, each `first` bytes after its address. */
export interface OfA {
  readonly segments: Code;
  readonly first: Code;
  readonly step: Code;
}

/** Calls of micro-kernels: many register tiles by one call. */
export class TileCalls {
  constructor(
    readonly kernel: ContractionKernel,
    readonly plan: BlockedPlan,
    readonly geometry: Geometry,
    readonly options: AssemblerOptions,
    readonly support: Support,
  ) {}

  /** One panel of rows by all panels of columns of a chunk. */
  acrossColumns(routine: Routine, chunk: Chunk, range: Range, panel: RowPanel, ofA: OfA, target: Target): Code {
    const { columnPanels } = this.plan;
    const { width, count, lastWidth } = columnPanels;
    const { c0, c1 } = chunk;
    const of = (wide: number, from: Code, panels: Code): Code => {
      const n0 = this.geometry.firstColumn(from);
      const at = add(target.at, times(ins("i32.sub", from, c0), width * FLOAT));
      return this.#tiles(
        routine,
        chunk,
        range,
        panel,
        ofA,
        wide,
        n0,
        { ...target, at },
        {
          count: panels,
          stepB: this.#stepB(wide, range),
          stepTile: i32(wide * FLOAT),
        },
      );
    };
    if (count === 1) return of(lastWidth, i32(0), i32(1));
    if (lastWidth === width) return of(width, c0, ins("i32.sub", c1, c0));
    const whole = ins("i32.sub", ins("i32.sub", c1, c0), ins("i32.eq", c1, i32(count)));
    const block: Code[] = [];
    const held = routine.hold(whole, block);
    return [
      block,
      when(held, of(width, c0, held)),
      when(ins("i32.eq", c1, i32(count)), of(lastWidth, i32(count - 1), i32(1))),
    ];
  }

  /** `panels` panels of packed rows, `skipped` after the listed one, by one panel of columns. */
  downRows(
    routine: Routine,
    chunk: Chunk,
    range: Range,
    skipped: Code,
    panels: Code,
    column: ColumnPanel,
    target: Target,
  ): Code {
    const { height, widths } = this.geometry.layout;
    const bytes = times(this.geometry.steps(range), height * FLOAT);
    const ofA: OfA = { segments: i32(1), first: multiply(skipped, bytes), step: bytes };
    const none: RowPanel = { group: i32(0), first: i32(0), flat: i32(0), h: i32(0) };
    const of = (wide: number): Code =>
      this.#tiles(routine, chunk, range, none, ofA, wide, column.n0, target, {
        count: panels,
        stepB: i32(0),
        stepTile: times(target.stride, height),
      });
    const [first, second] = widths as [number, number | undefined];
    if (second === undefined) return of(first);
    return when(ins("i32.eq", column.width, i32(first)), of(first), of(second));
  }

  /** Bytes from a panel of columns to the next in B. */
  #stepB(width: number, range: Range): Code {
    if (this.plan.packB === "direct") return i32(width * FLOAT);
    return times(this.geometry.steps(range), width * FLOAT);
  }

  #tiles(
    routine: Routine,
    chunk: Chunk,
    range: Range,
    { h }: RowPanel,
    ofA: OfA,
    width: number,
    n0: Code,
    target: Target,
    loop: Pick<TileArguments, "count" | "stepB" | "stepTile">,
  ): Code {
    const { plan, geometry, kernel } = this;
    const { packA, packB, a, b, depth } = plan;
    const { height } = geometry.layout;
    const stepOfB = strideOf(b.linear, depth.run);
    const direct = packB === "direct";
    const place = direct
      ? add(
          routine.offset(b.linear, kernel.batch, routine.pointers.base(b.access)),
          times(range.k0, stepOfB * FLOAT),
          times(n0, FLOAT),
        )
      : geometry.panelOfB(routine, n0, chunk, range);
    const common = tileArguments({
      unit: i32(direct ? FLOAT : width * FLOAT),
      b: place,
      strideB: i32((direct ? stepOfB : width) * FLOAT),
      tile: target.at,
      strideTile: target.stride,
      more: target.more,
      ...loop,
    });
    const fused = this.options.fusedMultiplyAdd;
    const of = (rows: number): Code => {
      const tile = { rows, vectors: (width * FLOAT) / VECTOR };
      const list = geometry.list(routine);
      if (geometry.byPointers) {
        const name = rowsKernel(this.support, tile, fused);
        return call(name, geometry.table(routine), list, ofA.segments, range.kn, ...common);
      }
      const stride = packA === "direct" ? strideOf(a.linear, depth.run) : height;
      const name = lanesKernel(this.support, tile, fused);
      return call(name, list, ofA.segments, ofA.first, i32(stride * FLOAT), ofA.step, ...common);
    };
    if (!geometry.uneven || height === 1) return of(height);
    return when(ins("i32.eq", h, i32(height)), of(height), of(height - 1));
  }
}
