import { loopsOf, type ScalarType } from "../../../ir/index.ts";
import { type Access, coefficientOf, type Expression, type Store } from "../../../passes/index.ts";
import { guardText, indexText, type LoopName } from "./index-text.ts";
import type { Pointers } from "./pointers.ts";
import { cType, instruction, literal, splat, type Width } from "./scalar.ts";

const MEMORY_SUFFIX = { float32: "f", int32: "i", uint32: "u", uint8: "b", bool: "m" } as const;

/** Where code is being written: the lanes, and what is already there. */
export interface Place {
  /** The loop along which lanes lie; none where single numbers are computed. */
  readonly vector: number | undefined;
  /** Number of lanes in use: all of them, or the C expression of how many. */
  readonly lanes: "all" | string;
}

/** A region of code: values rendered into it are reused by everything written later in it or inside of it. */
export class Region {
  readonly lines: string[] = [];
  private readonly known = new Map<Expression, Map<Width, string>>();
  constructor(private readonly outer?: Region) {}

  find(part: Expression, width: Width): string | undefined {
    return this.known.get(part)?.get(width) ?? this.outer?.find(part, width);
  }

  remember(part: Expression, width: Width, name: string): void {
    if (!this.known.has(part)) this.known.set(part, new Map());
    this.known.get(part)!.set(width, name);
  }
}

/** Renders expressions as C statements, each distinct part once. */
export class ExpressionRenderer {
  private counter = 0;

  constructor(
    private readonly pointers: Pointers,
    readonly loopName: LoopName,
    /** Name of a reduction's result and whether it has a value per lane. */
    private readonly result: (reduction: number) => { name: string; width: Width },
  ) {}

  fresh(prefix: string): string {
    return `${prefix}${this.counter++}`;
  }

  /** Loops a part depends on, and the reductions it needs. */
  static dependencies(
    part: Expression,
    into = { loops: new Set<number>(), results: new Set<number>() },
    seen = new Set<Expression>(),
  ) {
    if (seen.has(part)) return into;
    seen.add(part);
    switch (part.kind) {
      case "scalar":
        for (const arg of part.args) ExpressionRenderer.dependencies(arg, into, seen);
        break;
      case "gather":
        ExpressionRenderer.dependencies(part.row, into, seen);
        accessLoops(part.access, into.loops);
        break;
      case "load":
        accessLoops(part.access, into.loops);
        break;
      case "index":
        loopsOf(part.index, into.loops);
        break;
      case "result":
        into.results.add(part.reduction);
    }
    return into;
  }

  /** Whether a part has a value per lane at this place. */
  private varies(part: Expression, place: Place): boolean {
    if (place.vector === undefined) return false;
    const { loops, results } = ExpressionRenderer.dependencies(part);
    return loops.has(place.vector) || [...results].some((each) => this.result(each).width === "vector");
  }

  /** The part as one value, or one per lane; scalars are repeated when lanes are wanted. */
  as(part: Expression, width: Width, place: Place, region: Region): string {
    const natural: Width = this.varies(part, place) ? "vector" : "scalar";
    const value = this.render(part, natural, place, region);
    if (natural === width) return value;
    if (natural === "vector") throw new Error("Descent bug: a value per lane where one is wanted");
    return splat(value, part.type);
  }

  private render(part: Expression, width: Width, place: Place, region: Region): string {
    const known = region.find(part, width);
    if (known) return known;
    if (part.kind === "scalar" && part.op === "const") return literal(part.value!, part.type);
    if (part.kind === "result") return this.result(part.reduction).name;
    const text = this.text(part, width, place, region);
    const name = this.fresh("t");
    region.lines.push(`${cType(part.type, width)} ${name} = ${text};`);
    region.remember(part, width, name);
    return name;
  }

  private text(part: Expression, width: Width, place: Place, region: Region): string {
    switch (part.kind) {
      case "scalar": {
        const args = part.args.map((arg) => this.as(arg, width, place, region));
        return instruction(part.op, part.type, part.args[0]!.type, args, width);
      }
      case "index":
        return width === "scalar"
          ? `(int32_t)(${indexText(part.index, this.loopName)})`
          : this.indexLanes(part, place, region);
      case "load":
        return width === "scalar"
          ? this.loadScalar(part.access, part.type)
          : this.loadLanes(part.access, part.type, place, region);
      case "gather":
        return this.gather(part, width, place, region);
      case "result":
        throw new Error("Descent bug: a result is no text");
    }
  }

  private indexLanes(part: Expression & { kind: "index" }, place: Place, region: Region): string {
    const vector = place.vector!;
    const nested = part.index.terms.some(({ of }) => typeof of !== "number" && loopsOf(of.expression).has(vector));
    if (nested) {
      return this.eachLane("i32", region, "VL", (loopName) => `(int32_t)(${indexText(part.index, loopName)})`);
    }
    const base = `splat_i((int32_t)(${indexText(part.index, this.loopName)}))`;
    const coefficient = coefficientOf(part.index, vector);
    return coefficient === 0 ? base : `${base} + lanes() * ${coefficient}`;
  }

  /** A scalar load; a guarded one reads its fill value where a guard fails. */
  private loadScalar(access: Access, type: ScalarType, loopName: LoopName = this.loopName): string {
    const element = `${this.pointers.name(access)}[${indexText(access.index, loopName, 0)}]`;
    const value = type === "mask" ? `-(int32_t)${element}` : element;
    if (access.guards.length === 0) return value;
    const guards = access.guards.map((guard) => guardText(guard, loopName)).join(" && ");
    return `(${guards}) ? ${value} : ${literal(access.fill, type)}`;
  }

  private loadLanes(access: Access, type: ScalarType, place: Place, region: Region): string {
    const vector = place.vector!;
    const guarded = access.guards.some(({ expression }) => loopsOf(expression).has(vector));
    if (guarded || !isUnitStride(access, vector)) {
      const lanes = place.lanes === "all" ? "VL" : place.lanes;
      return this.eachLane(type, region, lanes, (loopName) => this.loadScalar(access, type, loopName));
    }
    const address = `${this.pointers.name(access)} + ${indexText(access.index, this.loopName, 0)}`;
    const suffix = MEMORY_SUFFIX[access.dtype];
    const value = place.lanes === "all" ? `load_${suffix}(${address})` : `load_${suffix}n(${address}, ${place.lanes})`;
    if (access.guards.length === 0) return value;
    const guards = access.guards.map((guard) => guardText(guard, this.loopName)).join(" && ");
    return `(${guards}) ? ${value} : ${splat(literal(access.fill, type), type)}`;
  }

  private gather(part: Expression & { kind: "gather" }, width: Width, place: Place, region: Region): string {
    const element = (row: string, loopName: LoopName) => {
      const at = `(long)${row} * ${part.stride}L + ${indexText(part.access.index, loopName, 0)}`;
      const value = `${this.pointers.name(part.access)}[${at}]`;
      const inside = `(unsigned long)(long)${row} < ${part.rows}UL`;
      return `(${inside}) ? ${part.type === "mask" ? `-(int32_t)${value}` : value} : 0`;
    };
    const row = this.as(part.row, width, place, region);
    if (width === "scalar") return element(row, this.loopName);
    const lanes = place.lanes === "all" ? "VL" : place.lanes;
    const named = this.fresh("r");
    region.lines.push(`lanes_i ${named} = {.v = ${row}};`);
    return this.eachLane(part.type, region, lanes, (loopName) => element(`${named}.e[l]`, loopName));
  }

  /** A vector filled lane by lane; `value` is rendered for lane l of the vector loop. */
  private eachLane(type: ScalarType, region: Region, lanes: string, value: (loopName: LoopName) => string): string {
    const name = this.fresh("g");
    const atLane: LoopName = (loop) =>
      this.loopName(loop) === this.vectorName ? `(${this.loopName(loop)} + l)` : this.loopName(loop);
    region.lines.push(`lanes_${cType(type, "vector").slice(1)} ${name} = {.v = {0}};`);
    region.lines.push(`for (long l = 0; l < ${lanes}; l++) ${name}.e[l] = ${value(atLane)};`);
    return `${name}.v`;
  }

  /** C name of the loop that lanes lie along; set by whoever renders the loops. */
  vectorName = "";

  /** Statements that store a value at a place; values are computed before by `as`. */
  store({ access }: Store, value: string, width: Width, place: Place): string {
    const address = `${this.pointers.name(access)} + ${indexText(access.index, this.loopName, 0)}`;
    const suffix = MEMORY_SUFFIX[access.dtype];
    if (width === "scalar") return `*(${address}) = ${suffix === "m" ? `(uint8_t)(${value} & 1)` : value};`;
    if (isUnitStride(access, place.vector!)) {
      return place.lanes === "all"
        ? `store_${suffix}(${address}, ${value});`
        : `store_${suffix}n(${address}, ${value}, ${place.lanes});`;
    }
    const stride = coefficientOf(access.index, place.vector!);
    const lane = suffix === "m" ? "(uint8_t)(lane.e[l] & 1)" : "lane.e[l]";
    const lanes = place.lanes === "all" ? "VL" : place.lanes;
    const type = { f: "f", i: "i", u: "u", b: "u", m: "i" }[suffix];
    return `{ lanes_${type} lane = {.v = ${value}}; for (long l = 0; l < ${lanes}; l++) (${address})[l * ${stride}L] = ${lane}; }`;
  }
}

function accessLoops(access: Access, into: Set<number>): void {
  loopsOf(access.index, into);
  for (const { expression } of access.guards) loopsOf(expression, into);
}

/** Whether neighbouring lanes are neighbouring elements. */
function isUnitStride(access: Access, vector: number): boolean {
  const nested = access.index.terms.some(({ of }) => typeof of !== "number" && loopsOf(of.expression).has(vector));
  return !nested && coefficientOf(access.index, vector) === 1;
}
