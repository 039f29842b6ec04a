import { DTYPES, type DType, type Guard, type IndexExpression, type TypedArray } from "../../src/ir/index.ts";
import { RANDOM_GROUP } from "../../src/ir/ops/index.ts";
import type {
  Access,
  Expression,
  Kernel,
  KernelProgram,
  KernelStep,
  Loop,
  RepeatKernel,
  Stage,
} from "../../src/passes/index.ts";
import { philox4x32 } from "../../src/util/index.ts";
import { type Compute, instruction } from "./instructions.ts";
import { Memory } from "./memory.ts";

/** Arrays that a program is bound to. */
export interface Bound {
  readonly inputs: readonly TypedArray[];
  readonly state: readonly TypedArray[];
  readonly outputs: readonly TypedArray[];
  readonly data: readonly TypedArray[];
}

/** Every loop's index, by the loop's number. */
type Indices = Int32Array;

/** All values are computed before any is stored: one may be stored where another is read. */
function storeAll(
  stores: readonly { readonly compute: () => number; readonly store: (value: number) => void }[],
): void {
  const values = stores.map(({ compute }) => compute());
  stores.forEach(({ store }, i) => store(values[i]!));
}

/**
 * Runs a kernel program by the words of its definition, a point at a time, and watches every access to memory. The rules that it
 * finds broken are in `violations`.
 */
export class Machine {
  readonly memory: Memory;
  private indices: Indices = new Int32Array(0);
  private results: number[] = [];

  constructor(
    private readonly program: KernelProgram,
    bound: Bound,
  ) {
    this.memory = new Memory(program, bound);
  }

  get violations(): readonly string[] {
    return this.memory.violations;
  }

  run(): void {
    this.steps(this.program.steps, false);
  }

  /** Steps in order. At the first one workers may have to wait for the turn before. */
  private steps(steps: readonly KernelStep[], waits: boolean): void {
    for (const [i, { kernel, barrier, parallel }] of steps.entries()) {
      const ready = barrier || (waits && i === 0);
      if (kernel.kind === "repeat") {
        for (let turn = 0; turn < kernel.count; turn++) {
          this.memory.turn(kernel.windows, turn);
          this.steps(kernel.steps, turn === 0 ? ready : kernel.barrier);
        }
        continue;
      }
      this.memory.begin(kernel.name, ready, parallel);
      this.step(kernel);
    }
  }

  private step(kernel: Exclude<Kernel, RepeatKernel>): void {
    switch (kernel.kind) {
      case "loop":
        return this.loops(kernel.outer, kernel.stages);
      case "contraction":
        return this.contraction(kernel);
      case "random":
        return this.random(kernel);
      case "scatter":
        return this.scatter(kernel);
    }
  }

  private enter(loops: readonly Loop[]): void {
    const most = loops.reduce((greatest, { id }) => Math.max(greatest, id), -1);
    this.indices = new Int32Array(most + 1);
    this.results = [];
  }

  private loops(outer: readonly Loop[], stages: readonly Stage[]): void {
    this.enter([...outer, ...stages.flatMap(({ inner }) => inner)]);
    const passes = stages.map((stage, number) => this.stage(stage, number));
    this.forEachPoint(outer, (point) => {
      for (const pass of passes) pass(point);
    });
  }

  /** One pass over the inner loops, ready to run at an outer point. */
  private stage(stage: Stage, number: number): (point: number) => void {
    const builder = new Builder(this.indices, this.results, this.memory);
    const reductions = stage.reductions.map((each) => ({
      ...each,
      compute: builder.value(each.value),
      at: each.position && indexOf(each.position, this.indices),
    }));
    const stores = stage.stores.map(({ access, value }) => ({
      compute: builder.value(value),
      store: builder.store(access),
    }));
    return (point) => {
      const sums = reductions.map(({ reduction }) => START[reduction]);
      const best = reductions.map(() => Number.NaN);
      this.forEachPoint(stage.inner, (inside) => {
        this.memory.at(point, number, inside);
        builder.forget();
        reductions.forEach(({ reduction, compute, at }, i) => {
          const value = compute();
          if (reduction !== "argmax") sums[i] = FOLD[reduction](sums[i]!, value);
          else if (inside === 0 || beats(value, best[i]!)) {
            best[i] = value;
            sums[i] = at!();
          }
        });
        storeAll(stores);
      });
      reductions.forEach(({ id, value, reduction }, i) => {
        this.results[id] = reduction === "argmax" ? sums[i]! : toType(sums[i]!, value.type);
      });
    };
  }

  private contraction({ batch, rows, columns, depth, a, b, stores }: Extract<Kernel, { kind: "contraction" }>): void {
    const outer = [...batch, ...rows, ...columns];
    this.enter([...outer, ...depth]);
    const builder = new Builder(this.indices, this.results, this.memory);
    const [left, right] = [a, b].map((access) => builder.value({ kind: "load", type: "f32", access }));
    const epilogue = stores.map(({ access, value }) => ({
      compute: builder.value(value),
      store: builder.store(access),
    }));
    this.forEachPoint(outer, (point) => {
      let sum = 0;
      this.forEachPoint(depth, () => {
        // Operands are packed at any time: their reads belong to no point of their own.
        this.memory.anytime();
        builder.forget();
        sum += left!() * right!();
      });
      this.results[0] = Math.fround(sum);
      this.memory.at(point, 1, 0);
      builder.forget();
      storeAll(epilogue);
    });
  }

  private random({ key, counter, target, count, stream }: Extract<Kernel, { kind: "random" }>): void {
    const word = (access: Access, i: number) => this.memory.read(access.buffer, access.index.constant + i);
    this.memory.at(0, 0, 0);
    const [k0, k1, c] = [word(key, 0), word(key, 1), word(counter, 0)];
    const { lanes, size } = RANDOM_GROUP;
    for (let i = 0; i < count; i++) {
      const block = Math.floor(i / size) * lanes + (i % lanes);
      const bits = philox4x32(k0, k1, block, stream, c, 0)[Math.floor((i % size) / lanes)]!;
      const value = target.dtype === "float32" ? (bits >>> 8) / 16777216 : bits;
      this.memory.write(target.buffer, target.index.constant + i, value);
    }
  }

  private scatter(kernel: Extract<Kernel, { kind: "scatter" }>): void {
    const { indices, updates, target, base, replaces, count, width, rows } = kernel;
    this.memory.at(0, 0, 0);
    const result = new Map<number, number>();
    if (base !== "target") {
      for (let i = 0; i < rows * width; i++) {
        result.set(i, base === "zeros" ? 0 : this.memory.read(base.buffer, base.index.constant + i));
      }
    }
    for (let i = 0; i < count; i++) {
      const row = this.memory.read(indices.buffer, indices.index.constant + i);
      if (row < 0 || row >= rows) continue;
      for (let j = 0; j < width; j++) {
        const update = this.memory.read(updates.buffer, updates.index.constant + i * width + j);
        result.set(row * width + j, replaces ? update : result.get(row * width + j)! + update);
      }
    }
    for (const [i, value] of result) this.memory.write(target.buffer, target.index.constant + i, value);
  }

  /** Calls `visit` with the number of each point, the loops' indices set. */
  private forEachPoint(loops: readonly Loop[], visit: (point: number) => void): void {
    const { indices } = this;
    const total = loops.reduce((points, { size }) => points * size, 1);
    for (const { id } of loops) indices[id] = 0;
    for (let point = 0; point < total; point++) {
      visit(point);
      for (let axis = loops.length - 1; axis >= 0; axis--) {
        const { id, size } = loops[axis]!;
        if (++indices[id]! < size) break;
        indices[id] = 0;
      }
    }
  }
}

const START = { sum: 0, prod: 1, max: Number.NEGATIVE_INFINITY, min: Number.POSITIVE_INFINITY, argmax: -1 } as const;
const FOLD = {
  sum: (a: number, b: number) => a + b,
  prod: (a: number, b: number) => a * b,
  max: (a: number, b: number) => Math.max(a, b),
  min: (a: number, b: number) => Math.min(a, b),
} as const;

/** Whether a value takes the place of the greatest so far: the first of equals stays, NaN counts as greatest. */
function beats(value: number, best: number): boolean {
  return value > best || (Number.isNaN(value) && !Number.isNaN(best));
}

function toType(value: number, type: Expression["type"]): number {
  return type === "f32" ? Math.fround(value) : type === "u32" ? value >>> 0 : value | 0;
}

/** The value of an index expression at the current indices. */
function indexOf({ constant, terms }: IndexExpression, indices: Indices): () => number {
  const parts = terms.map(({ coefficient, of }) => {
    if (typeof of === "number") return () => coefficient * indices[of]!;
    const inner = indexOf(of.expression, indices);
    return () => coefficient * (inner() / of.divisor);
  });
  const [first, second] = parts;
  if (!first) return () => constant;
  if (!second) return () => constant + first();
  if (parts.length === 2) return () => constant + first() + second();
  return () => parts.reduce((sum, part) => sum + part(), constant);
}

function guardOf({ expression, divisor, size }: Guard, indices: Indices): () => boolean {
  const value = indexOf(expression, indices);
  return () => {
    const quotient = value() / divisor;
    return Number.isInteger(quotient) && quotient >= 0 && quotient < size;
  };
}

/** Makes functions of expressions; a shared expression is computed once per point. */
class Builder {
  private readonly known = new Map<Expression, Compute>();
  private epoch = 0;

  constructor(
    private readonly indices: Indices,
    private readonly results: readonly number[],
    private readonly memory: Memory,
  ) {}

  /** Starts a new point. */
  forget(): void {
    this.epoch++;
  }

  value(expression: Expression): Compute {
    let known = this.known.get(expression);
    if (!known) {
      known = this.once(this.build(expression));
      this.known.set(expression, known);
    }
    return known;
  }

  store({ buffer, index, guards }: Access): (value: number) => void {
    if (guards.length > 0) throw new Error("a store with guards");
    const at = indexOf(index, this.indices);
    return (value) => this.memory.write(buffer, at(), value);
  }

  private once(compute: Compute): Compute {
    let epoch = -1;
    let value = 0;
    return () => {
      if (epoch !== this.epoch) {
        value = compute();
        epoch = this.epoch;
      }
      return value;
    };
  }

  private build(expression: Expression): Compute {
    switch (expression.kind) {
      case "scalar":
        return instruction(
          expression,
          expression.args.map((each) => this.value(each)),
        );
      case "index":
        return indexOf(expression.index, this.indices);
      case "result": {
        const { reduction } = expression;
        return () => this.results[reduction]!;
      }
      case "load": {
        const { buffer, dtype, index, guards, fill } = expression.access;
        const at = indexOf(index, this.indices);
        const holds = guards.map((guard) => guardOf(guard, this.indices));
        const read = (): number => loaded(this.memory.read(buffer, at()), dtype);
        return holds.length === 0 ? read : () => (holds.every((each) => each()) ? read() : loaded(fill, dtype));
      }
      case "gather": {
        const { access, rows, stride } = expression;
        const row = this.value(expression.row);
        const at = indexOf(access.index, this.indices);
        return () => {
          const number = row();
          const inside = number >= 0 && number < rows;
          return loaded(inside ? this.memory.read(access.buffer, at() + stride * number) : access.fill, access.dtype);
        };
      }
    }
  }
}

/** bool memory loads as a mask: all bits set or none. */
function loaded(value: number, dtype: DType): number {
  if (dtype === "bool") return value !== 0 ? -1 : 0;
  return DTYPES[dtype].integer ? value : Math.fround(value);
}
