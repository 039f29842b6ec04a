import {
  addIndex,
  type IndexExpression,
  indexConstant,
  indexOf,
  loopsOf,
  type ScalarType,
  substituteIndex,
} from "../ir/index.ts";
import { type Access, coefficientOf, type Expression, type Store } from "../passes/index.ts";
import type { Assembler, Width } from "./assembler.ts";
import type { Region } from "./region.ts";

/** Where values are wanted: at one point, or in the first `count` lanes along a loop. */
export interface Place {
  /** The loop along which lanes lie; none where single numbers are computed. */
  readonly vector: number | undefined;
  readonly count: number;
  /** How far along the loop the first lane lies from the loop's index; default 0. */
  readonly ahead?: number;
}

/** An index at a place: with what lies ahead of the loop's index added. */
function indexAt(index: IndexExpression, { vector, ahead = 0 }: Place): IndexExpression {
  if (ahead === 0 || vector === undefined) return index;
  return substituteIndex(index, (loop) =>
    loop === vector ? addIndex(indexConstant(ahead), indexOf(loop)) : undefined,
  );
}

function accessAt(access: Access, place: Place): Access {
  if (!place.ahead) return access;
  const guards = access.guards.map((guard) => ({ ...guard, expression: indexAt(guard.expression, place) }));
  return { ...access, index: indexAt(access.index, place), guards };
}

/** A reduction's result: one value, or one per lane. */
export interface Result<V> {
  readonly value: V;
  readonly width: Width;
}

/** Loops that a part of an expression depends on, and the reductions whose results it needs. */
export interface Dependencies {
  readonly loops: Set<number>;
  readonly results: Set<number>;
}

/** What a part of an expression depends on. */
export function dependencies(
  part: Expression,
  into: Dependencies = { loops: new Set(), results: new Set() },
  seen = new Set<Expression>(),
): Dependencies {
  if (seen.has(part)) return into;
  seen.add(part);
  switch (part.kind) {
    case "scalar":
      for (const arg of part.args) dependencies(arg, into, seen);
      break;
    case "gather":
      dependencies(part.row, into, seen);
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

function accessLoops(access: Access, into: Set<number>): void {
  loopsOf(access.index, into);
  for (const { expression } of access.guards) loopsOf(expression, into);
}

/** Writes expressions in a target's instructions, each distinct part once. */
export class ExpressionWriter<V, S> {
  constructor(
    private readonly assembler: Assembler<V, S>,
    private readonly result: (reduction: number) => Result<V>,
  ) {}

  /** Whether a part has a value per lane at this place. */
  varies(part: Expression, { vector }: Place): boolean {
    if (vector === undefined) return false;
    const { loops, results } = dependencies(part);
    return loops.has(vector) || [...results].some((each) => this.result(each).width === "vector");
  }

  /** The part as one value, or one per lane; scalars are repeated when lanes are wanted. */
  as(part: Expression, width: Width, place: Place, region: Region<V, S>): V {
    const natural: Width = this.varies(part, place) ? "vector" : "scalar";
    const value = this.write(part, natural, place, region);
    if (natural === width) return value;
    if (natural === "vector") throw new Error("Descent bug: a value per lane where one is wanted");
    return this.assembler.splat(value, part.type);
  }

  private write(part: Expression, width: Width, place: Place, region: Region<V, S>): V {
    const known = region.find(part, width);
    if (known !== undefined) return known;
    if (part.kind === "scalar" && part.op === "const") return this.assembler.literal(part.value!, part.type);
    if (part.kind === "result") return this.result(part.reduction).value;
    const value = this.assembler.hold(this.compute(part, width, place, region), part.type, width, region.block);
    region.remember(part, width, value);
    return value;
  }

  private compute(part: Expression, width: Width, place: Place, region: Region<V, S>): V {
    const { assembler } = this;
    switch (part.kind) {
      case "scalar": {
        const args = part.args.map((arg) => this.as(arg, width, place, region));
        return assembler.instruction(part.op, part.type, part.args[0]!.type, args, width);
      }
      case "index":
        return width === "scalar"
          ? assembler.index(part.index)
          : this.indexLanes(indexAt(part.index, place), place, region);
      case "load":
        return width === "scalar"
          ? this.element(part.access, part.type)
          : this.lanes(accessAt(part.access, place), part.type, place, region);
      case "gather":
        return this.gather(part, width, place, region);
      case "result":
        throw new Error("Descent bug: a result is not computed");
    }
  }

  private indexLanes(index: IndexExpression, { vector }: Place, region: Region<V, S>): V {
    const { assembler } = this;
    if (!isNested(index, vector!)) return assembler.indexLanes(index, vector!);
    return assembler.eachLane("i32", vector!, assembler.lanes, region.block, () => assembler.index(index));
  }

  /** One element; a guarded one is its fill value where a guard fails. */
  private element(access: Access, type: ScalarType): V {
    const { assembler } = this;
    const value = assembler.element(access, type);
    if (access.guards.length === 0) return value;
    return assembler.guarded(access.guards, value, assembler.literal(access.fill, type), type, "scalar");
  }

  private lanes(access: Access, type: ScalarType, { vector, count }: Place, region: Region<V, S>): V {
    const { assembler } = this;
    const guardedByLane = access.guards.some(({ expression }) => loopsOf(expression).has(vector!));
    if (guardedByLane || !isUnitStride(access, vector!)) {
      return assembler.eachLane(type, vector!, count, region.block, () => this.element(access, type));
    }
    const value = assembler.contiguous(access, type, count);
    if (access.guards.length === 0) return value;
    const fill = assembler.splat(assembler.literal(access.fill, type), type);
    return assembler.guarded(access.guards, value, fill, type, "vector");
  }

  private gather(part: Expression & { kind: "gather" }, width: Width, place: Place, region: Region<V, S>): V {
    const { assembler } = this;
    const row = this.as(part.row, width, place, region);
    const access = accessAt(part.access, place);
    const element = (at: V) => assembler.gathered(access, at, part.rows, part.stride, part.type);
    if (width === "scalar") return element(row);
    const rowOf = assembler.lanesOf(row, "i32", region.block);
    return assembler.eachLane(part.type, place.vector!, place.count, region.block, () => element(rowOf()));
  }

  /** The statement that stores a value; values are computed before by `as`. */
  store({ access }: Store, value: V, width: Width, place: Place): S {
    if (width === "scalar") return this.assembler.storeElement(access, value);
    return this.assembler.storeLanes(accessAt(access, place), value, place.vector!, place.count);
  }
}

function isNested(index: IndexExpression, vector: number): boolean {
  return index.terms.some(({ of }) => typeof of !== "number" && loopsOf(of.expression).has(vector));
}

/** Whether neighbouring lanes are neighbouring elements. */
export function isUnitStride({ index }: Access, vector: number): boolean {
  return !isNested(index, vector) && coefficientOf(index, vector) === 1;
}
