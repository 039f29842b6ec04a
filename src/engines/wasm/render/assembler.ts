import {
  type Assembler,
  type Digit,
  isUnitStride,
  type LaneRange,
  type Variable,
  type Width,
} from "../../../codegen/index.ts";
import {
  addIndex,
  DTYPES,
  type Guard,
  type IndexExpression,
  indexConstant,
  indexOf,
  type Reduction,
  type ScalarOp,
  type ScalarType,
  substituteIndex,
} from "../../../ir/index.ts";
import { type Access, coefficientOf, type Loop } from "../../../passes/index.ts";
import { product } from "../../../util/index.ts";
import {
  type Code,
  choose,
  type FunctionBuilder,
  i32,
  i32x4,
  ins,
  type LocalReference,
  lane,
  local,
  v128,
  when,
} from "../encode/index.ts";
import { combineLanes } from "./combine.ts";
import { loadElement, loadVector, storeElement, storeLane, storeVector } from "./memory.ts";
import { Nest } from "./nest.ts";
import type { Pointers } from "./pointers.ts";
import { bitsOfLane, instruction, literal, valueType } from "./scalar.ts";

/** Lanes of a 128-bit vector. */
export const LANES = 4;

export interface AssemblerOptions {
  readonly fusedMultiplyAdd: boolean;
}

/** Kernels as WebAssembly: values and statements are code. */
export class WasmAssembler implements Assembler<Code, Code> {
  readonly lanes = LANES;
  readonly nest: Nest;
  private readonly literals = new Map<Code, { readonly value: number; readonly type: ScalarType }>();
  /** Inside of `eachLane`: the loop that the lane counts along, and the lane's number. */
  private lane: { readonly vector: number; readonly number: number } | undefined;

  constructor(
    readonly builder: FunctionBuilder,
    private readonly pointers: Pointers,
    /** The worker's number and the number of workers. */
    private readonly worker: LocalReference,
    private readonly workers: LocalReference,
    /** Code at the start of the function. */
    top: Code[],
    private readonly options: AssemblerOptions,
  ) {
    this.nest = new Nest(builder, top);
  }

  literal(value: number, type: ScalarType): Code {
    const code = literal(value, type);
    this.literals.set(code, { value, type });
    return code;
  }

  splat(value: Code, type: ScalarType): Code {
    const known = this.literals.get(value);
    if (!known) return ins(type === "f32" ? "f32x4.splat" : "i32x4.splat", value);
    const bits = bitsOfLane(known.value, known.type);
    // A fresh array: the same constant may stand for numbers of different types.
    const code: Code = [this.nest.constant(`v${bits}`, "v128", v128(bits))];
    this.literals.set(code, known);
    return code;
  }

  firstLanes(count: number): Code {
    const bits = [0, 1, 2, 3].map((each) => (each < count ? -1 : 0)) as [number, number, number, number];
    return this.nest.constant(`first${count}`, "v128", i32x4(bits));
  }

  instruction(op: ScalarOp, type: ScalarType, from: ScalarType, args: readonly Code[], width: Width): Code {
    return instruction(op, type, from, args, width, {
      fusedMultiplyAdd: this.options.fusedMultiplyAdd,
      literalOf: (operand) => this.literals.get(operand)?.value,
      byLane: (to, of, operands, each) => this.byLane(to, of, operands, each),
    });
  }

  /** Computes a vector lane by lane. */
  private byLane(to: ScalarType, from: ScalarType, args: readonly Code[], each: (args: readonly Code[]) => Code): Code {
    const type = valueType(from, "scalar");
    const vectors = args.map((arg) => ({ arg, vector: this.builder.local("v128") }));
    const lanes = [0, 1, 2, 3].map((number) => {
      const elements = vectors.map(({ vector }) => ({
        element: this.builder.local(type),
        value: extract(from, number, local.get(vector)),
      }));
      return [
        elements.map(({ element, value }) => local.set(element, value)),
        each(elements.map(({ element }) => local.get(element))),
      ];
    });
    return [vectors.map(({ arg, vector }) => local.set(vector, arg)), fromLanes(to, lanes)];
  }

  hold(value: Code, type: ScalarType, width: Width, block: Code[]): Code {
    const known = this.literals.get(value);
    const held = this.builder.hold(valueType(type, width), value, block);
    if (!known) return held;
    const code: Code = [held];
    this.literals.set(code, known);
    return code;
  }

  variable(value: Code, type: ScalarType, width: Width, block: Code[]): Variable<Code, Code> {
    const variable = this.builder.local(valueType(type, width));
    block.push(local.set(variable, value));
    return { value: local.get(variable), set: (next) => local.set(variable, next) };
  }

  /** The expression at the current lane. */
  private atLane(index: IndexExpression): IndexExpression {
    if (!this.lane || this.lane.number === 0) return index;
    const { vector, number } = this.lane;
    return substituteIndex(index, (loop) =>
      loop === vector ? addIndex(indexOf(loop), indexConstant(number)) : undefined,
    );
  }

  index(index: IndexExpression): Code {
    const at = this.atLane(index);
    return plus(this.nest.sum(at, 1), at.constant);
  }

  indexLanes(index: IndexExpression, vector: number): Code {
    const base = ins("i32x4.splat", plus(this.nest.sum(index, 1), index.constant));
    const step = coefficientOf(index, vector);
    if (step === 0) return base;
    const lanes = this.nest.constant(`lanes${step}`, "v128", i32x4([0, step, 2 * step, 3 * step]));
    return ins("i32x4.add", base, lanes);
  }

  /** Address of the access' element at this point and lane. */
  private address(access: Access): Code {
    const at = this.atLane(access.index);
    const { bytes } = DTYPES[access.dtype];
    const shift = (at.constant - access.index.constant) * bytes;
    return plus(this.nest.sum(at, bytes, this.pointers.base(access)), shift);
  }

  element(access: Access): Code {
    return loadElement(access.dtype, this.address(access));
  }

  contiguous(access: Access, _type: ScalarType, count: number): Code {
    return loadVector(access.dtype, this.address(access), count, this.builder);
  }

  gathered(access: Access, row: Code, rows: number, stride: number, type: ScalarType): Code {
    const number = this.builder.local("i32");
    const { bytes } = DTYPES[access.dtype];
    const offset = ins("i32.mul", local.get(number), i32(stride * bytes));
    const value = loadElement(access.dtype, ins("i32.add", this.address(access), offset));
    const inside = ins("i32.lt_u", local.tee(number, row), i32(rows));
    return choose(valueType(type, "scalar"), inside, value, literal(0, type));
  }

  guarded(guards: readonly Guard[], value: Code, otherwise: Code, type: ScalarType, width: Width): Code {
    const conditions = guards.flatMap(({ expression, divisor, size }) => {
      const at = this.builder.local("i32");
      // One unsigned comparison is both bounds; a negative number is a huge one.
      const inside = ins("i32.lt_u", local.tee(at, this.index(expression)), i32(size * divisor));
      return divisor === 1 ? [inside] : [inside, ins("i32.eqz", ins("i32.rem_s", local.get(at), i32(divisor)))];
    });
    const all = conditions.reduce((both, each) => ins("i32.and", both, each));
    return choose(valueType(type, width), all, value, otherwise);
  }

  eachLane(type: ScalarType, vector: number, count: number, _block: Code[], value: () => Code): Code {
    const lanes = Array.from({ length: count }, (_, number) => {
      this.lane = { vector, number };
      const each = value();
      this.lane = undefined;
      return each;
    });
    return fromLanes(type, lanes);
  }

  lanesOf(value: Code, type: ScalarType, block: Code[]): () => Code {
    const vector = this.builder.hold("v128", value, block);
    return () => extract(type, this.lane!.number, vector);
  }

  storeElement(access: Access, value: Code): Code {
    return storeElement(access.dtype, this.address(access), 0, value);
  }

  storeLanes(access: Access, value: Code, vector: number, count: number): Code {
    const address = this.address(access);
    if (isUnitStride(access, vector)) return storeVector(access.dtype, address, value, count, this.builder);
    const stride = coefficientOf(access.index, vector) * DTYPES[access.dtype].bytes;
    const block: Code[] = [];
    const lanes = this.builder.hold("v128", value, block);
    const first = this.builder.hold("i32", address, block);
    for (let number = 0; number < count; number++) {
      block.push(storeLane(access.dtype, plus(first, stride * number), number, lanes));
    }
    return block;
  }

  combine(reduction: Reduction, type: ScalarType, accumulator: Code, position: Code | undefined, block: Code[]): Code {
    return combineLanes(reduction, type, accumulator, position, this.builder, block);
  }

  loop(loop: Loop, block: Code[], body: (inner: Code[]) => void): void {
    if (loop.size === 0) return;
    const index = this.builder.local("i32");
    block.push(local.set(index, i32(0)));
    if (loop.size === 1) block.push(this.nest.at(new Map([[loop.id, index]]), body));
    else block.push(this.nest.turns(index, loop, 1, i32(loop.size), body));
  }

  lanesLoop(
    { loop, segment, vectors = 1 }: LaneRange,
    block: Code[],
    body: (inner: Code[], count: number) => void,
  ): void {
    const { id, size } = loop;
    const index = this.builder.local("i32");
    const rest = size % LANES;
    const step = vectors * LANES;
    let to = i32(size);
    if (segment) {
      const { loop: counter, length } = segment;
      const from = this.builder.hold("i32", this.nest.sum(indexOf(counter.id), length), block);
      const end = ins("i32.add", from, i32(length));
      to = this.builder.hold("i32", ins("select", end, i32(size), ins("i32.lt_s", end, i32(size))), block);
      block.push(local.set(index, from));
    } else block.push(local.set(index, i32(0)));
    const indices = new Map([[id, index]]);
    if (size >= step && !segment && size < 2 * step) {
      block.push(this.nest.at(indices, (inner) => body(inner, LANES)));
      if (rest > 0) block.push(local.set(index, i32(LANES)));
    } else if (size >= LANES) {
      const turns = this.nest.turns(index, loop, step, to, (inner) => body(inner, LANES));
      // The last segment may be shorter than a vector.
      const some = ins("i32.le_s", ins("i32.add", local.get(index), i32(LANES)), to);
      block.push(segment && rest > 0 ? when(some, turns) : turns);
    }
    if (rest > 0) {
      const last = this.nest.at(indices, (inner) => body(inner, rest));
      block.push(segment ? when(ins("i32.lt_s", local.get(index), to), last) : last);
    }
  }

  share(digits: readonly Digit[], block: Code[], body: (inner: Code[]) => void): void {
    const total = product(digits.map(({ size }) => size));
    const [unit, to] = [this.builder.local("i32"), this.builder.local("i32")];
    block.push(local.set(unit, this.shareOf(total, local.get(this.worker))));
    block.push(local.set(to, this.shareOf(total, ins("i32.add", local.get(this.worker), i32(1)))));
    const indices = new Map(digits.map(({ id }) => [id, this.builder.local("i32")]));
    const decode: Code[] = [];
    const rest = this.builder.local("i32");
    const [first, ...others] = digits;
    if (others.length > 0) decode.push(local.set(rest, local.get(unit)));
    for (const { id, size } of others.reverse()) {
      decode.push(local.set(indices.get(id)!, ins("i32.rem_u", local.get(rest), i32(size))));
      decode.push(local.set(rest, ins("i32.div_u", local.get(rest), i32(size))));
    }
    if (first) decode.push(local.set(indices.get(first.id)!, local.get(digits.length > 1 ? rest : unit)));
    const inner: Code[] = [decode, this.nest.at(indices, body)];
    const next = local.tee(unit, ins("i32.add", local.get(unit), i32(1)));
    const turns: Code = [0x03, 0x40, inner, ins("i32.lt_s", next, local.get(to)), 0x0d, 0, 0x0b];
    block.push(when(ins("i32.lt_s", local.get(unit), local.get(to)), turns));
  }

  /** total * worker / workers. */
  shareOf(total: number, worker: Code): Code {
    const wide = (value: Code) => ins("i64.extend_i32_u", value);
    const part = ins("i64.div_u", ins("i64.mul", wide(i32(total)), wide(worker)), wide(local.get(this.workers)));
    const alone = ins("i32.eq", local.get(this.workers), i32(1));
    return choose("i32", alone, ins("i32.mul", i32(total), worker), ins("i32.wrap_i64", part));
  }
}

function plus(value: Code, constant: number): Code {
  return constant === 0 ? value : ins("i32.add", value, i32(constant));
}

/** A lane of a vector. */
function extract(type: ScalarType, number: number, vector: Code): Code {
  return lane(type === "f32" ? "f32x4.extract_lane" : "i32x4.extract_lane", number, vector);
}

/** A vector of up to four values; the other lanes are 0. */
function fromLanes(type: ScalarType, lanes: readonly Code[]): Code {
  const name = type === "f32" ? "f32x4" : "i32x4";
  const [first, ...others] = lanes;
  if (!first) return v128(0);
  const start = lanes.length === LANES ? ins(`${name}.splat`, first) : lane(`${name}.replace_lane`, 0, v128(0), first);
  return others.reduce<Code>((vector, value, i) => lane(`${name}.replace_lane`, i + 1, vector, value), start);
}
