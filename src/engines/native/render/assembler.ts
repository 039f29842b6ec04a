import {
  type Assembler,
  type Digit,
  isUnitStride,
  type LaneRange,
  type Variable,
  type Width,
} from "../../../codegen/index.ts";
import type { Guard, IndexExpression, Reduction, ScalarOp, ScalarType } from "../../../ir/index.ts";
import { type Access, coefficientOf, type Loop } from "../../../passes/index.ts";
import { product } from "../../../util/index.ts";
import { guardText, indexText, type LoopName } from "./index-text.ts";
import type { Pointers } from "./pointers.ts";
import { cType, instruction, literal, splat } from "./scalar.ts";

const MEMORY_SUFFIX = { float32: "f", int32: "i", uint32: "u", uint8: "b", bool: "m" } as const;

/** C name of a loop's index. */
const nameOf = (loop: number): string => (loop < 0 ? `j${-loop}` : `i${loop}`);

/** Kernels as C: values are expressions, statements are lines. */
export class CAssembler implements Assembler<string, string> {
  private counter = 0;
  /** Inside of `eachLane`: the loop that the lane counts along. */
  private lane: number | undefined;

  constructor(
    private readonly pointers: Pointers,
    readonly lanes: number,
  ) {}

  private fresh(prefix: string): string {
    return `${prefix}${this.counter++}`;
  }

  /** The index of a loop at the current lane. */
  private readonly loopName: LoopName = (loop) => (loop === this.lane ? `(${nameOf(loop)} + l)` : nameOf(loop));

  literal(value: number, type: ScalarType): string {
    return literal(value, type);
  }

  splat(value: string, type: ScalarType): string {
    return splat(value, type);
  }

  firstLanes(count: number): string {
    return `(vi)(lanes() < ${count})`;
  }

  instruction(op: ScalarOp, type: ScalarType, from: ScalarType, args: readonly string[], width: Width): string {
    return instruction(op, type, from, args, width);
  }

  hold(value: string, type: ScalarType, width: Width, block: string[]): string {
    const name = this.fresh("t");
    block.push(`const ${cType(type, width)} ${name} = ${value};`);
    return name;
  }

  variable(value: string, type: ScalarType, width: Width, block: string[]): Variable<string, string> {
    const name = this.fresh("a");
    block.push(`${cType(type, width)} ${name} = ${value};`);
    return { value: name, set: (next) => `${name} = ${next};` };
  }

  index(index: IndexExpression): string {
    return `(int32_t)(${indexText(index, this.loopName)})`;
  }

  indexLanes(index: IndexExpression, vector: number): string {
    const base = `splat_i((int32_t)(${indexText(index, nameOf)}))`;
    const coefficient = coefficientOf(index, vector);
    return coefficient === 0 ? base : `(${base} + lanes() * ${coefficient})`;
  }

  element(access: Access, type: ScalarType): string {
    return this.lifted(`${this.pointers.name(access)}[${indexText(access.index, this.loopName, 0)}]`, type);
  }

  /** A value as it lies in memory, as a lane holds it. */
  private lifted(value: string, type: ScalarType): string {
    return type === "mask" ? `-(int32_t)${value}` : value;
  }

  contiguous(access: Access, _type: ScalarType, count: number): string {
    const address = `${this.pointers.name(access)} + ${indexText(access.index, nameOf, 0)}`;
    const suffix = MEMORY_SUFFIX[access.dtype];
    return count === this.lanes ? `load_${suffix}(${address})` : `load_${suffix}n(${address}, ${count})`;
  }

  gathered(access: Access, row: string, rows: number, stride: number, type: ScalarType): string {
    const at = `(long)${row} * ${stride}L + ${indexText(access.index, this.loopName, 0)}`;
    const value = this.lifted(`${this.pointers.name(access)}[${at}]`, type);
    return `(unsigned long)(long)${row} < ${rows}UL ? ${value} : 0`;
  }

  guarded(guards: readonly Guard[], value: string, otherwise: string): string {
    return `(${guards.map((guard) => guardText(guard, this.loopName)).join(" && ")}) ? ${value} : ${otherwise}`;
  }

  eachLane(type: ScalarType, vector: number, count: number, block: string[], value: () => string): string {
    const name = this.fresh("g");
    this.lane = vector;
    const each = value();
    this.lane = undefined;
    block.push(`lanes_${suffixOf(type)} ${name} = {.v = {0}};`);
    block.push(`for (long l = 0; l < ${count}; l++) ${name}.e[l] = ${each};`);
    return `${name}.v`;
  }

  lanesOf(value: string, type: ScalarType, block: string[]): () => string {
    const name = this.fresh("r");
    block.push(`lanes_${suffixOf(type)} ${name} = {.v = ${value}};`);
    return () => `${name}.e[l]`;
  }

  private address(access: Access): string {
    return `${this.pointers.name(access)} + ${indexText(access.index, nameOf, 0)}`;
  }

  storeElement(access: Access, value: string): string {
    return `*(${this.address(access)}) = ${access.dtype === "bool" ? `(uint8_t)(${value} & 1)` : value};`;
  }

  storeLanes(access: Access, value: string, vector: number, count: number): string {
    const address = this.address(access);
    const suffix = MEMORY_SUFFIX[access.dtype];
    if (isUnitStride(access, vector)) {
      return count === this.lanes
        ? `store_${suffix}(${address}, ${value});`
        : `store_${suffix}n(${address}, ${value}, ${count});`;
    }
    const stride = coefficientOf(access.index, vector);
    const lane = suffix === "m" ? "(uint8_t)(lane.e[l] & 1)" : "lane.e[l]";
    const type = { f: "f", i: "i", u: "u", b: "u", m: "i" }[suffix];
    return `{ lanes_${type} lane = {.v = ${value}}; for (long l = 0; l < ${count}; l++) (${address})[l * ${stride}L] = ${lane}; }`;
  }

  combine(
    reduction: Reduction,
    type: ScalarType,
    accumulator: string,
    position: string | undefined,
    block: string[],
  ): string {
    const result = this.fresh("s");
    const lanes = this.fresh("e");
    const scalar = cType(type, "scalar");
    block.push(`lanes_${suffixOf(type)} ${lanes} = {.v = ${accumulator}};`);
    const name = `${lanes}.e`;
    const each = (statement: string) => block.push(`for (int l = 1; l < VL; l++) ${statement}`);
    switch (reduction) {
      case "sum":
      case "prod": {
        // Halves onto halves: a tree, not a chain.
        const sign = reduction === "sum" ? "+" : "*";
        const wide = type === "i32" ? "(uint32_t)" : "";
        block.push(
          `for (int half = VL / 2; half > 0; half /= 2) for (int l = 0; l < half; l++) ${name}[l] = (${scalar})(${wide}${name}[l] ${sign} ${wide}${name}[l + half]);`,
          `const ${scalar} ${result} = ${name}[0];`,
        );
        return result;
      }
      case "max":
      case "min": {
        const test = reduction === "max" ? ">" : "<";
        block.push(`${scalar} ${result} = ${name}[0];`);
        each(`if (!(${result} ${test} ${name}[l]) && ${result} == ${result}) ${result} = ${name}[l];`);
        return result;
      }
      case "argmax": {
        // The greatest, NaN above all, the first of equals.
        const place = `${result}p`;
        const places = `${lanes}p.e`;
        block.push(`lanes_i ${lanes}p = {.v = ${position}};`);
        block.push(`${scalar} ${result} = ${name}[0];`, `int32_t ${place} = ${places}[0];`);
        const same = `${name}[l] == ${result} || (${name}[l] != ${name}[l] && ${result} != ${result})`;
        const better = `${name}[l] > ${result} || (${name}[l] != ${name}[l] && ${result} == ${result})`;
        each(
          `if ((${better}) || ((${same}) && ${places}[l] < ${place})) { ${result} = ${name}[l]; ${place} = ${places}[l]; }`,
        );
        return place;
      }
    }
  }

  loop({ id, size }: Loop, block: string[], body: (inner: string[]) => void): void {
    const name = nameOf(id);
    const inner: string[] = [];
    body(inner);
    block.push(`for (long ${name} = 0; ${name} < ${size}; ${name}++) {`, ...inner, "}");
  }

  lanesLoop(
    { loop: { id, size }, segment, vectors = 1 }: LaneRange,
    block: string[],
    body: (inner: string[], count: number) => void,
  ) {
    const name = nameOf(id);
    const from = segment ? `${nameOf(segment.loop.id)} * ${segment.length}L` : "0";
    const limit = segment ? `${from} + ${segment.length} < ${size} ? ${from} + ${segment.length} : ${size}` : `${size}`;
    const end = this.fresh("end");
    const part = (head: string, count: number) => {
      const inner: string[] = [];
      body(inner, count);
      block.push(head, ...inner, "}");
    };
    block.push("{", `long ${name} = ${from};`, `const long ${end} = ${limit};`);
    const step = vectors > 1 ? `${vectors} * VL` : "VL";
    if (size >= this.lanes) part(`for (; ${name} + ${step} <= ${end}; ${name} += ${step}) {`, this.lanes);
    if (size % this.lanes !== 0) part(`if (${name} < ${end}) {`, size % this.lanes);
    block.push("}");
  }

  share(digits: readonly Digit[], block: string[], body: (inner: string[]) => void): void {
    const total = product(digits.map(({ size }) => size));
    const inner: string[] = [];
    body(inner);
    const indices = [...digits]
      .reverse()
      .map(({ id, size }) => `const long ${nameOf(id)} = rest % ${size}; rest /= ${size};`);
    block.push(
      `work_range range = {${total}L, worker, workers, 0, 0, 0, of};`,
      "EACH_RANGE(range) for (long unit = range.from; unit < range.to; unit++) {",
      ...(digits.length > 0 ? ["long rest = unit;"] : []),
      ...indices,
      ...inner,
      "}",
    );
  }
}

/** Suffix of the union of a vector and its lanes. */
function suffixOf(type: ScalarType): string {
  return cType(type, "vector").slice(1);
}
