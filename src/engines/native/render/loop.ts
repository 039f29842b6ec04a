import type { Expression, KernelReduction, Loop, LoopKernel, Stage } from "../../../passes/index.ts";
import { ExpressionRenderer, type Place, Region } from "./expression.ts";
import { Pointers } from "./pointers.ts";
import { cType, literal, type Width } from "./scalar.ts";

/** A kernel function: its text without the name, and the addresses its callers pass. */
export interface RenderedKernel {
  readonly body: string;
  readonly actual: readonly string[];
}

/** Points per unit of work aimed at when the vector loop is cut; a multiple of every vector length, whatever the machine. */
const SEGMENT = { least: 64, most: 4096 } as const;
/** Units of work wanted at least, so that any number of workers gets even shares. */
const UNITS = 64;

const loopName = (loop: number): string => `i${loop}`;

/**
 * C of a loop kernel. The outer loops are cut into units that workers share; every point is computed the same way whoever does it, so
 * results do not depend on the number of workers.
 */
export function renderLoop(kernel: LoopKernel, vectorBytes: number): RenderedKernel {
  return new LoopRenderer(kernel, vectorBytes / 4).render();
}

class LoopRenderer {
  private readonly pointers = new Pointers();
  private readonly results = new Map<number, { name: string; width: Width }>();
  private readonly renderer = new ExpressionRenderer(this.pointers, loopName, (id) => this.results.get(id)!);
  private readonly top = new Region();
  private readonly outerVector: Loop | undefined;

  constructor(
    private readonly kernel: LoopKernel,
    /** Lanes of a vector. */
    private readonly lanes: number,
  ) {
    this.outerVector = kernel.outer.find(({ id }) => id === kernel.vector);
  }

  render(): RenderedKernel {
    const lead = this.kernel.outer.filter((loop) => loop !== this.outerVector);
    // The first loops are shared between workers until there are enough units; the others are walked inside of each unit.
    let units = 1;
    let shared = 0;
    while (shared < lead.length && units < UNITS * 4) units *= lead[shared++]!.size;
    const vector = this.outerVector;
    const segment = vector ? segmentOf(vector.size, units) : 0;
    const segments = vector ? Math.ceil(vector.size / segment) : 1;

    const inside: string[] = [];
    inside.push("long rest = unit;");
    if (segments > 1) inside.push(`long segment = rest % ${segments}; rest /= ${segments};`);
    for (const loop of lead.slice(0, shared).reverse()) {
      inside.push(`long ${loopName(loop.id)} = rest % ${loop.size}; rest /= ${loop.size};`);
    }
    for (const loop of lead.slice(shared))
      inside.push(`for (long ${loopName(loop.id)} = 0; ${loopName(loop.id)} < ${loop.size}; ${loopName(loop.id)}++) {`);
    if (vector) {
      const name = loopName(vector.id);
      this.renderer.vectorName = name;
      const from = segments > 1 ? `segment * ${segment}L` : "0";
      const to =
        segments > 1
          ? `(segment + 1) * ${segment}L < ${vector.size} ? (segment + 1) * ${segment}L : ${vector.size}`
          : `${vector.size}`;
      inside.push(`long ${name} = ${from};`, `const long end = ${to};`);
      if (vector.size >= this.lanes) {
        inside.push(
          `for (; ${name} + VL <= end; ${name} += VL) {`,
          ...this.point({ vector: vector.id, lanes: "all" }),
          "}",
        );
      }
      if (vector.size % this.lanes !== 0) {
        inside.push(
          `if (${name} < end) {`,
          `const long n = end - ${name};`,
          ...this.point({ vector: vector.id, lanes: "n" }),
          "}",
        );
      }
    } else {
      inside.push(...this.point({ vector: undefined, lanes: "all" }));
    }
    for (const _ of lead.slice(shared)) inside.push("}");
    const total = units * segments;
    const body = [
      "{",
      ...this.pointers.declarations(),
      ...this.top.lines,
      `const long from = ${total}L * worker / workers, to = ${total}L * (worker + 1) / workers;`,
      "for (long unit = from; unit < to; unit++) {",
      ...inside,
      "}",
      "}",
    ].join("\n");
    return { body, actual: this.pointers.actual() };
  }

  /** All stages at one point of the outer loops (or at the points of one vector). */
  private point(place: Place): string[] {
    const region = new Region(this.top);
    this.results.clear();
    const lines: string[] = [];
    for (const stage of this.kernel.stages) {
      this.stage(stage, place, region);
      lines.push(...region.lines.splice(0));
    }
    return lines;
  }

  private stage(stage: Stage, place: Place, region: Region): void {
    const values = [...stage.reductions.map(({ value }) => value), ...stage.stores.map(({ value }) => value)];
    const innerIds = new Set(stage.inner.map(({ id }) => id));
    this.hoist(values, (loops) => loops.size === 0, { vector: undefined, lanes: "all" }, this.top, true);
    if (stage.inner.length === 0) {
      // A reduction over nothing but the point itself is its value; the place of the greatest is the only one.
      const width: Width = place.vector === undefined ? "scalar" : "vector";
      for (const { id, value: own, position } of stage.reductions) {
        const value: Expression = position ? { kind: "index", type: "i32", index: position } : own;
        this.results.set(id, { name: this.renderer.as(value, width, place, region), width });
      }
      this.emitStores(stage, place, region);
      return;
    }
    this.hoist(values, (loops) => ![...loops].some((loop) => innerIds.has(loop)), place, region, false);
    const byLane = this.outerVector === undefined;
    const width: Width = "vector";
    const accumulators = stage.reductions.map((each) => this.declare(each, width, region));
    const loops = byLane ? stage.inner.slice(0, -1) : stage.inner;
    for (const { id, size } of loops)
      region.lines.push(`for (long ${loopName(id)} = 0; ${loopName(id)} < ${size}; ${loopName(id)}++) {`);
    if (byLane) {
      const last = stage.inner.at(-1)!;
      const name = loopName(last.id);
      this.renderer.vectorName = name;
      const body = (lanes: Place["lanes"]) => this.inside(stage, accumulators, { vector: last.id, lanes }, region);
      region.lines.push("{", `long ${name} = 0;`);
      if (last.size >= this.lanes)
        region.lines.push(`for (; ${name} + VL <= ${last.size}; ${name} += VL) {`, ...body("all"), "}");
      if (last.size % this.lanes !== 0) {
        region.lines.push(`if (${name} < ${last.size}) {`, `const long n = ${last.size} - ${name};`, ...body("n"), "}");
      }
      region.lines.push("}");
    } else {
      region.lines.push(...this.inside(stage, accumulators, place, region));
    }
    for (const _ of loops) region.lines.push("}");
    stage.reductions.forEach((each, i) => {
      if (!byLane)
        this.results.set(each.id, { name: each.position ? `${accumulators[i]}p` : accumulators[i]!, width: "vector" });
      else this.results.set(each.id, { name: this.combine(each, accumulators[i]!, region), width: "scalar" });
    });
  }

  /** Computes ahead what stays the same over the loops that follow. */
  private hoist(
    values: readonly Expression[],
    stays: (loops: ReadonlySet<number>) => boolean,
    place: Place,
    region: Region,
    withoutResults: boolean,
  ): void {
    const seen = new Set<Expression>();
    const visit = (part: Expression): void => {
      if (seen.has(part) || (part.kind === "scalar" && part.op === "const")) return;
      seen.add(part);
      const { loops, results } = ExpressionRenderer.dependencies(part);
      if (stays(loops) && !(withoutResults && results.size > 0)) {
        const varies =
          place.vector !== undefined &&
          (loops.has(place.vector) || [...results].some((id) => this.results.get(id)?.width === "vector"));
        this.renderer.as(part, varies ? "vector" : "scalar", place, region);
        return;
      }
      if (part.kind === "scalar") part.args.forEach(visit);
      if (part.kind === "gather") visit(part.row);
    };
    values.forEach(visit);
  }

  /** The body of the innermost loop: accumulations and stores. */
  private inside(stage: Stage, accumulators: readonly string[], place: Place, outer: Region): string[] {
    const region = new Region(outer);
    const partial = this.outerVector === undefined && place.lanes !== "all";
    stage.reductions.forEach((each, i) => {
      const raw = this.renderer.as(each.value, "vector", place, region);
      const value = partial
        ? `choose_${cType(each.value.type, "vector")}(lanes() < splat_i((int32_t)${place.lanes}), ${raw}, ${identityLanes(each)})`
        : raw;
      region.lines.push(...this.accumulate(each, accumulators[i]!, value, place, region));
    });
    this.emitStores(stage, place, region);
    return region.lines;
  }

  /** All values of a point are computed before any of them is stored. */
  private emitStores(stage: Stage, place: Place, region: Region): void {
    const width: Width = place.vector === undefined ? "scalar" : "vector";
    const values = stage.stores.map(({ value }) => this.renderer.as(value, width, place, region));
    stage.stores.forEach((store, i) => {
      region.lines.push(this.renderer.store(store, values[i]!, width, place));
    });
  }

  private declare(reduction: KernelReduction, width: Width, region: Region): string {
    const name = this.renderer.fresh("a");
    const type = reduction.value.type;
    region.lines.push(`${cType(type, width)} ${name} = ${identityLanes(reduction)};`);
    if (reduction.position) region.lines.push(`vi ${name}p = {0};`);
    return name;
  }

  private accumulate(reduction: KernelReduction, name: string, value: string, place: Place, region: Region): string[] {
    const type = cType(reduction.value.type, "vector");
    const next = this.renderer.fresh("v");
    const head = `${type} ${next} = ${value};`;
    switch (reduction.reduction) {
      case "sum":
        return reduction.value.type === "i32"
          ? [head, `${name} = (vi)((vu)${name} + (vu)${next});`]
          : [head, `${name} += ${next};`];
      case "prod":
        return reduction.value.type === "i32"
          ? [head, `${name} = (vi)((vu)${name} * (vu)${next});`]
          : [head, `${name} *= ${next};`];
      case "max":
        // A NaN once seen stays.
        return [
          head,
          `${name} = choose_${type}((vi)(${name} > ${next}) | (vi)(${name} != ${name}), ${name}, ${next});`,
        ];
      case "min":
        return [
          head,
          `${name} = choose_${type}((vi)(${name} < ${next}) | (vi)(${name} != ${name}), ${name}, ${next});`,
        ];
      case "argmax": {
        const position = this.renderer.as(
          { kind: "index", type: "i32", index: reduction.position! },
          "vector",
          place,
          region,
        );
        const better = this.renderer.fresh("b");
        return [
          head,
          `vi ${better} = (vi)(${next} > ${name}) | ((vi)(${next} != ${next}) & (vi)(${name} == ${name}));`,
          `${name} = choose_${type}(${better}, ${next}, ${name});`,
          `${name}p = choose_vi(${better}, ${position}, ${name}p);`,
        ];
      }
    }
  }

  /** The lanes of an accumulator as one value, in a fixed order. */
  private combine(reduction: KernelReduction, accumulator: string, region: Region): string {
    const result = this.renderer.fresh("s");
    const lanes = this.renderer.fresh("e");
    const type = cType(reduction.value.type, "scalar");
    const union = (name: string, value: string, kind: string) =>
      region.lines.push(`lanes_${kind} ${name} = {.v = ${value}};`);
    union(lanes, accumulator, cType(reduction.value.type, "vector").slice(1));
    const name = `${lanes}.e`;
    const each = (statement: string) => region.lines.push(`for (int l = 1; l < VL; l++) ${statement}`);
    switch (reduction.reduction) {
      case "sum":
      case "prod": {
        // Halves onto halves: a tree, not a chain.
        const sign = reduction.reduction === "sum" ? "+" : "*";
        const wide = reduction.value.type === "i32" ? "(uint32_t)" : "";
        region.lines.push(
          `for (int half = VL / 2; half > 0; half /= 2) for (int l = 0; l < half; l++) ${name}[l] = (${type})(${wide}${name}[l] ${sign} ${wide}${name}[l + half]);`,
          `const ${type} ${result} = ${name}[0];`,
        );
        return result;
      }
      case "max":
      case "min": {
        const test = reduction.reduction === "max" ? ">" : "<";
        region.lines.push(`${type} ${result} = ${name}[0];`);
        each(`if (!(${result} ${test} ${name}[l]) && ${result} == ${result}) ${result} = ${name}[l];`);
        return result;
      }
      case "argmax": {
        // The greatest, NaN above all, the first of equals.
        const position = `${result}p`;
        const positions = `${lanes}p.e`;
        union(`${lanes}p`, `${accumulator}p`, "i");
        region.lines.push(`${type} ${result} = ${name}[0];`, `int32_t ${position} = ${positions}[0];`);
        const same = `${name}[l] == ${result} || (${name}[l] != ${name}[l] && ${result} != ${result})`;
        const better = `${name}[l] > ${result} || (${name}[l] != ${name}[l] && ${result} == ${result})`;
        each(
          `if ((${better}) || ((${same}) && ${positions}[l] < ${position})) { ${result} = ${name}[l]; ${position} = ${positions}[l]; }`,
        );
        return position;
      }
    }
  }
}

/** What an accumulator starts from, in every lane. */
function identityLanes({ reduction, value }: KernelReduction): string {
  const low = value.type === "f32" ? Number.NEGATIVE_INFINITY : value.type === "i32" ? -2147483648 : 0;
  const high = value.type === "f32" ? Number.POSITIVE_INFINITY : value.type === "i32" ? 2147483647 : 4294967295;
  const start = { sum: 0, prod: 1, max: low, argmax: low, min: high }[reduction];
  return `splat_${value.type === "f32" ? "f" : value.type === "u32" ? "u" : "i"}(${literal(start, value.type)})`;
}

/** Vector-loop points of one unit: even shares, in whole vectors of any machine. */
function segmentOf(size: number, units: number): number {
  const wanted = Math.ceil(size / Math.max(1, UNITS / units));
  const rounded = Math.ceil(wanted / SEGMENT.least) * SEGMENT.least;
  return Math.min(Math.max(rounded, SEGMENT.least), SEGMENT.most);
}
