import type { ScalarType } from "../ir/index.ts";
import type { Expression, KernelReduction, Loop, LoopKernel, Stage } from "../passes/index.ts";
import type { Assembler, LaneRange, Variable, Width } from "./assembler.ts";
import { dependencies, ExpressionWriter, type Place, type Result } from "./expression.ts";
import { Region } from "./region.ts";

/** Points per unit of work aimed at when the vector loop is cut; a multiple of every vector length, whatever the machine. */
const SEGMENT = { least: 64, most: 4096 } as const;
/** Units of work wanted at least, so that any number of workers gets even shares. */
const UNITS = 64;
/** Accumulators kept side by side: as many as leave registers for everything else. */
const TOGETHER = 8;
/** The loop that counts segments: no loop of a kernel has this number. */
const SEGMENT_LOOP = -2;

/**
 * Writes a loop kernel to `block`. The outer loops are cut into units that workers share; every point is computed the same way whoever
 * does it, so results do not depend on the number of workers.
 */
export function writeLoop<V, S>(kernel: LoopKernel, assembler: Assembler<V, S>, block: S[]): void {
  new LoopWriter(kernel, assembler, block).write();
}

interface Accumulator<V, S> {
  readonly best: Variable<V, S>;
  /** argmax: where the greatest is. */
  readonly position: Variable<V, S> | undefined;
}

/** A point of the outer loops, or a vector of points, while its stages are written. */
interface Point<V, S> {
  readonly place: Place;
  readonly region: Region<V, S>;
  readonly results: Map<number, Result<V>>;
}

class LoopWriter<V, S> {
  /** Results of reductions at the point that is being written. */
  private results = new Map<number, Result<V>>();
  private readonly writer: ExpressionWriter<V, S>;
  /** What is computed once per call. */
  private readonly top: Region<V, S>;
  private readonly outerVector: Loop | undefined;

  constructor(
    private readonly kernel: LoopKernel,
    private readonly assembler: Assembler<V, S>,
    block: S[],
  ) {
    this.writer = new ExpressionWriter(assembler, (id) => this.results.get(id)!);
    this.top = new Region(block);
    this.outerVector = kernel.outer.find(({ id }) => id === kernel.vector);
  }

  write(): void {
    const { assembler, outerVector: vector } = this;
    const lead = this.kernel.outer.filter((loop) => loop !== vector);
    // The first loops are shared between workers until there are enough units; the others are walked inside of each unit.
    let units = 1;
    let shared = 0;
    while (shared < lead.length && units < UNITS * 4) units *= lead[shared++]!.size;
    const length = vector ? segmentOf(vector.size, units) : 1;
    const segments = vector ? Math.ceil(vector.size / length) : 1;
    const segment = segments > 1 ? { loop: { id: SEGMENT_LOOP, size: segments }, length } : undefined;
    const inside = (block: S[]): void => {
      if (!vector) return this.points([{ vector: undefined, count: 1 }], block);
      const vectors = this.vectorsAtOnce(vector);
      const range: LaneRange = segment ? { loop: vector, segment, vectors } : { loop: vector, vectors };
      assembler.lanesLoop(range, block, (inner, count) =>
        this.points(
          Array.from({ length: vectors }, (_, i) => ({ vector: vector.id, count, ahead: i * assembler.lanes })),
          inner,
        ),
      );
    };
    const digits = [...lead.slice(0, shared), ...(segment ? [segment.loop] : [])];
    // What stays the same is written to the top before the loops are.
    const loops: S[] = [];
    assembler.share(digits, loops, (block) => nested(assembler, lead.slice(shared), block, inside));
    this.top.block.push(...loops);
  }

  /**
   * Vectors along the outer vector loop that are done together where there are loops inside: these then walk whole cache lines, and
   * sums wait less for each other.
   */
  private vectorsAtOnce({ size }: Loop): number {
    const { stages } = this.kernel;
    if (!stages.some(({ inner }) => inner.length > 0)) return 1;
    const accumulators = Math.max(...stages.map(({ reductions }) => reductions.length));
    return (
      [4, 2].find((vectors) => size % (vectors * this.assembler.lanes) === 0 && vectors * accumulators <= TOGETHER) ?? 1
    );
  }

  /** All stages at one point of the outer loops, or at the points of some vectors. */
  private points(places: readonly Place[], block: S[]): void {
    const points = places.map((place) => ({
      place,
      region: new Region(block, this.top),
      results: new Map<number, Result<V>>(),
    }));
    for (const stage of this.kernel.stages) this.stage(stage, points, block);
  }

  private stage(stage: Stage, points: readonly Point<V, S>[], block: S[]): void {
    const { assembler } = this;
    const values = [...stage.reductions.map(({ value }) => value), ...stage.stores.map(({ value }) => value)];
    const innerIds = new Set(stage.inner.map(({ id }) => id));
    const each = <T>(visit: (point: Point<V, S>, i: number) => T): T[] =>
      points.map((point, i) => {
        this.results = point.results;
        return visit(point, i);
      });
    this.hoist(values, (loops) => loops.size === 0, { vector: undefined, count: 1 }, this.top, true);
    if (stage.inner.length === 0) {
      each(({ place, region }) => this.once(stage, place, region));
      return;
    }
    const accumulators = each(({ place, region }) => {
      this.hoist(values, (loops) => ![...loops].some((loop) => innerIds.has(loop)), place, region, false);
      const own = new Map<KernelReduction, Accumulator<V, S>>();
      for (const reduction of stage.reductions) {
        if (!greatestOf(reduction, stage)) own.set(reduction, this.declare(reduction, block));
      }
      return stage.reductions.map((reduction) => own.get(greatestOf(reduction, stage) ?? reduction)!);
    });
    const byLane = this.outerVector === undefined;
    const last = stage.inner.at(-1)!;
    nested(assembler, byLane ? stage.inner.slice(0, -1) : stage.inner, block, (body) => {
      each(({ place, region }, i) => {
        if (!byLane) return this.inside(stage, accumulators[i]!, place, new Region(body, region));
        assembler.lanesLoop({ loop: last }, body, (inner, count) =>
          this.inside(stage, accumulators[i]!, { vector: last.id, count }, new Region(inner, region)),
        );
      });
    });
    each(({ results }, p) => {
      stage.reductions.forEach(({ id, reduction, value }, i) => {
        const { best, position: at } = accumulators[p]![i]!;
        const position = reduction === "argmax" ? at : undefined;
        if (!byLane) results.set(id, { value: (position ?? best).value, width: "vector" });
        else {
          const whole = assembler.combine(reduction, value.type, best.value, position?.value, block);
          results.set(id, { value: whole, width: "scalar" });
        }
      });
    });
  }

  /** A stage without inner loops: a reduction over nothing but the point itself is its value; the place of the greatest is the only one. */
  private once(stage: Stage, place: Place, region: Region<V, S>): void {
    const width: Width = place.vector === undefined ? "scalar" : "vector";
    for (const { id, value: own, position } of stage.reductions) {
      const value: Expression = position ? { kind: "index", type: "i32", index: position } : own;
      this.results.set(id, { value: this.writer.as(value, width, place, region), width });
    }
    this.stores(stage, place, region);
  }

  /** Computes ahead what stays the same over the loops that follow. */
  private hoist(
    values: readonly Expression[],
    stays: (loops: ReadonlySet<number>) => boolean,
    place: Place,
    region: Region<V, S>,
    withoutResults: boolean,
  ): void {
    const seen = new Set<Expression>();
    const visit = (part: Expression): void => {
      if (seen.has(part) || (part.kind === "scalar" && part.op === "const")) return;
      seen.add(part);
      const { loops, results } = dependencies(part);
      if (stays(loops) && !(withoutResults && results.size > 0)) {
        this.writer.as(part, this.writer.varies(part, place) ? "vector" : "scalar", place, region);
        return;
      }
      if (part.kind === "scalar") part.args.forEach(visit);
      if (part.kind === "gather") visit(part.row);
    };
    values.forEach(visit);
  }

  /** The body of the innermost loop: accumulations and stores. */
  private inside(stage: Stage, accumulators: readonly Accumulator<V, S>[], place: Place, region: Region<V, S>): void {
    const { assembler } = this;
    const partial = this.outerVector === undefined && place.count < assembler.lanes;
    stage.reductions.forEach((each, i) => {
      if (greatestOf(each, stage)) return;
      const { type } = each.value;
      let value = this.writer.as(each.value, "vector", place, region);
      if (partial) {
        const others = assembler.splat(assembler.literal(identityOf(each), type), type);
        value = assembler.instruction(
          "select",
          type,
          "mask",
          [assembler.firstLanes(place.count), value, others],
          "vector",
        );
      }
      value = assembler.hold(value, type, "vector", region.block);
      this.accumulate(each, accumulators[i]!, value, place, region);
    });
    this.stores(stage, place, region);
  }

  /** All values of a point are computed before any of them is stored. */
  private stores(stage: Stage, place: Place, region: Region<V, S>): void {
    const width: Width = place.vector === undefined ? "scalar" : "vector";
    const values = stage.stores.map(({ value }) => this.writer.as(value, width, place, region));
    stage.stores.forEach((store, i) => {
      region.block.push(this.writer.store(store, values[i]!, width, place));
    });
  }

  private declare(reduction: KernelReduction, block: S[]): Accumulator<V, S> {
    const { assembler } = this;
    const { type } = reduction.value;
    const start = (value: number, of: ScalarType) => assembler.splat(assembler.literal(value, of), of);
    return {
      best: assembler.variable(start(identityOf(reduction), type), type, "vector", block),
      position: reduction.position && assembler.variable(start(0, "i32"), "i32", "vector", block),
    };
  }

  private accumulate(
    { reduction, value: { type }, position: at }: KernelReduction,
    { best, position }: Accumulator<V, S>,
    next: V,
    place: Place,
    { block }: Region<V, S>,
  ): void {
    const { assembler } = this;
    const old = best.value;
    const of = (op: "add" | "mul" | "or" | "and", a: V, b: V, kind = type) =>
      assembler.instruction(op, kind, kind, [a, b], "vector");
    const test = (op: "lt" | "ne" | "eq", a: V, b: V) => assembler.instruction(op, "mask", type, [a, b], "vector");
    const select = (mask: V, a: V, b: V, kind = type) =>
      assembler.instruction("select", kind, "mask", [mask, a, b], "vector");
    switch (reduction) {
      case "sum":
        block.push(best.set(of("add", old, next)));
        break;
      case "prod":
        block.push(best.set(of("mul", old, next)));
        break;
      case "max":
      case "min": {
        const further = reduction === "max" ? test("lt", next, old) : test("lt", old, next);
        // A NaN once seen stays.
        const kept = type === "f32" ? of("or", further, test("ne", old, old), "mask") : further;
        block.push(best.set(select(kept, old, next)));
        break;
      }
      case "argmax": {
        const greater = test("lt", old, next);
        const first = of("and", test("ne", next, next), test("eq", old, old), "mask");
        const better = assembler.hold(
          type === "f32" ? of("or", greater, first, "mask") : greater,
          "mask",
          "vector",
          block,
        );
        const here = this.writer.as({ kind: "index", type: "i32", index: at! }, "vector", place, new Region(block));
        block.push(best.set(select(better, next, old)), position!.set(select(better, here, position!.value, "i32")));
      }
    }
  }
}

/** Loops inside of each other. */
function nested<V, S>(
  assembler: Assembler<V, S>,
  loops: readonly Loop[],
  block: S[],
  body: (inner: S[]) => void,
): void {
  const [first, ...others] = loops;
  if (!first) body(block);
  else assembler.loop(first, block, (inner) => nested(assembler, others, inner, body));
}

/** The argmax that finds the value of a maximum on its way. */
function greatestOf({ reduction, value }: KernelReduction, { reductions }: Stage): KernelReduction | undefined {
  if (reduction !== "max") return undefined;
  return reductions.find((other) => other.reduction === "argmax" && other.value === value);
}

/** What an accumulator starts from. */
function identityOf({ reduction, value: { type } }: KernelReduction): number {
  const low = type === "f32" ? Number.NEGATIVE_INFINITY : type === "i32" ? -2147483648 : 0;
  const high = type === "f32" ? Number.POSITIVE_INFINITY : type === "i32" ? 2147483647 : 4294967295;
  return { sum: 0, prod: 1, max: low, argmax: low, min: high }[reduction];
}

/** Vector-loop points of one unit: even shares, in whole vectors of any machine. */
function segmentOf(size: number, units: number): number {
  const wanted = Math.ceil(size / Math.max(1, UNITS / units));
  const rounded = Math.ceil(wanted / SEGMENT.least) * SEGMENT.least;
  return Math.min(Math.max(rounded, SEGMENT.least), SEGMENT.most);
}
