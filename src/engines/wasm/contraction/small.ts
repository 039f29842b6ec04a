import { type PlainPlan, sizeOf, strideOf } from "../../../codegen/index.ts";
import type { ContractionKernel, Loop } from "../../../passes/index.ts";
import { type Code, i32, ins, type LocalReference, lane, local, memory, v128, when } from "../encode/index.ts";
import type { AssemblerOptions } from "../render/assembler.ts";
import type { RenderedKernel } from "../render/kernel.ts";
import { add, count, least, multiplyAdd, plus, range, times } from "./arithmetic.ts";
import { elementOf } from "./element.ts";
import { writeStores } from "./epilogue.ts";
import { FLOAT, loadLanes, VECTOR } from "./lanes.ts";
import { MemoryPlan } from "./memory-plan.ts";
import { transpose } from "./packing.ts";
import { Routine } from "./routine.ts";
import { WASM_TARGET } from "./target.ts";

const { lanes: LANES } = WASM_TARGET;
/** Sums that surely fit the registers. */
const SUMS = 8;
/** Vectors of B that are kept from row to row. */
const KEPT = 4;
/** Multiplications up to which a loop is written out. */
const WRITTEN_OUT = 96;

/** Whether a product is small enough for {@link renderSmall}. */
export function isSmall({ columns }: PlainPlan): boolean {
  return columns <= SUMS * LANES;
}

/**
 * A product of at most some thousand multiplications, where any preparation would cost more than the work: every row of the result is a
 * few vectors of sums, over vectors of B that are read as they lie, or else copied once. Any views. Short loops are written out.
 */
export function renderSmall(kernel: ContractionKernel, plan: PlainPlan, options: AssemblerOptions): RenderedKernel {
  const routine = new Routine(2, options);
  const writer = new SmallWriter(kernel, plan, options, routine);
  routine.builder.body.push(writer.write());
  const phase = { function: routine.builder, actual: routine.pointers.actual };
  return { phases: [phase], support: new Map(), scratchBytes: writer.scratch.bytes, sharedBytes: 0 };
}

class SmallWriter {
  readonly scratch = new MemoryPlan();
  readonly #deep: number;
  readonly #vectors: number;
  /** Rows whose sums are computed together. */
  readonly #together: number;

  constructor(
    readonly kernel: ContractionKernel,
    readonly plan: PlainPlan,
    readonly options: AssemblerOptions,
    readonly routine: Routine,
  ) {
    this.#deep = sizeOf(kernel.depth);
    this.#vectors = Math.ceil(plan.columns / LANES);
    this.#together = Math.min(plan.rows, Math.max(1, Math.floor(SUMS / this.#vectors)));
  }

  write(): Code {
    const { routine, kernel, plan } = this;
    const { assembler } = routine;
    const [worker] = routine.arguments as [Code];
    if (plan.batches === 1) {
      const block: Code[] = [];
      this.#product(block);
      return when(ins("i32.eqz", worker), block);
    }
    const [batch, to] = [routine.integer(), routine.integer()];
    const block: Code[] = [];
    routine.at(local.get(batch), kernel.batch, block, (inner) => this.#product(inner));
    return [
      local.set(to, assembler.shareOf(plan.batches, plus(worker, 1))),
      count(routine.builder, assembler.shareOf(plan.batches, worker), local.get(to), 1, (turn) => [
        local.set(batch, local.get(turn)),
        block,
      ]),
    ];
  }

  /** One product: its rows group by group. */
  #product(block: Code[]): void {
    const { routine, plan } = this;
    const vectorsOfB = this.#prepareB(block);
    const groups = Math.ceil(plan.rows / this.#together);
    const sums = range(this.#together * this.#vectors).map(() => routine.builder.local("v128"));
    const group = (number: Code, inner: Code[]): void =>
      this.#rows(times(number, this.#together), sums, vectorsOfB, inner);
    if (groups * this.#together * this.#vectors * this.#deep <= WRITTEN_OUT) {
      for (const number of range(groups)) group(i32(number), block);
      return;
    }
    block.push(
      count(routine.builder, i32(0), i32(groups), 1, (number) => {
        const inner: Code[] = [];
        group(local.get(number), inner);
        return inner;
      }),
    );
  }

  /** What gives vector v of B at step `k` of the depth (a constant where loops are written out), inside of the loops of the depth. */
  #prepareB(block: Code[]): (v: number, k: number | undefined, flat: Code) => Code {
    const { routine, plan, kernel } = this;
    const { b, columns } = plan;
    const rest = columns - (this.#vectors - 1) * LANES;
    const lanesOf = (v: number): number => (v < this.#vectors - 1 ? LANES : rest);
    const base = () => routine.pointers.base(b.access);
    if (b.source === "lanes") {
      const direct = (v: number): Code => {
        const start: Code[] = [];
        const at = routine.hold(routine.offset(b.linear, [...kernel.batch, ...kernel.depth], base()), start);
        return [start, loadLanes(at, v * VECTOR, lanesOf(v))];
      };
      if (this.#deep * this.#vectors > KEPT) return direct;
      const kept = new Map<string, LocalReference>();
      for (const k of range(this.#deep)) {
        routine.at(i32(k), kernel.depth, block, (inner) => {
          for (const v of range(this.#vectors)) {
            const vector = routine.builder.local("v128");
            kept.set(`${k},${v}`, vector);
            inner.push(local.set(vector, direct(v)));
          }
        });
      }
      return (v, k) => (k === undefined ? direct(v) : local.get(kept.get(`${k},${v}`)!));
    }
    // Columns side by side, in whole vectors.
    const width = this.#vectors * LANES;
    const lines = plus(routine.pointers.memory("scratch"), this.scratch.take(this.#deep * width));
    const copy = (k: Code): Code => {
      const code: Code[] = [];
      routine.at(k, kernel.depth, code, (atStep) => {
        const line = routine.hold(add(lines, times(k, width * FLOAT)), atStep);
        const element = (j: Code, inner: Code[]): void =>
          routine.at(j, kernel.columns, inner, (at) =>
            at.push(memory("f32.store", add(line, times(j, FLOAT)), 0, elementOf(routine, kernel.b))),
          );
        if (columns <= LANES) {
          for (const j of range(columns)) element(i32(j), atStep);
          return;
        }
        atStep.push(
          count(routine.builder, i32(0), i32(columns), 1, (j) => {
            const inner: Code[] = [];
            element(local.get(j), inner);
            return inner;
          }),
        );
      });
      return code;
    };
    const depth = kernel.depth.length === 1 && b.source === "rows" && this.#deep >= LANES;
    if (depth) block.push(this.#transposed(lines, width));
    else if (this.#deep * columns <= WRITTEN_OUT / 4) for (const k of range(this.#deep)) block.push(copy(i32(k)));
    else block.push(count(routine.builder, i32(0), i32(this.#deep), 1, (k) => copy(local.get(k))));
    return (v, _, flat) => memory("v128.load", add(lines, times(flat, width * FLOAT)), v * VECTOR);
  }

  /** Copies B, contiguous along the depth, to lines of columns: squares of four by four, then the steps that are left. */
  #transposed(lines: Code, width: number): Code {
    const { routine, plan, kernel } = this;
    const { b, columns } = plan;
    const across = strideOf(b.linear, kernel.columns[0]) * FLOAT;
    const start = (j: Code): Code =>
      add(routine.offset(b.linear, kernel.batch, routine.pointers.base(b.access)), times(j, across));
    const whole = this.#deep - (this.#deep % LANES);
    const sources = range(LANES).map(() => routine.integer());
    const vectors = range(LANES).map(() => routine.builder.local("v128"));
    const to = routine.integer();
    const next = (steps: number): Code => [
      sources.map((source) => local.set(source, plus(local.get(source), steps * FLOAT))),
      local.set(to, plus(local.get(to), steps * width * FLOAT)),
    ];
    const { code, columns: turned } = transpose(routine.builder, vectors);
    const square: Code = [
      vectors.map((vector, i) => local.set(vector, memory("v128.load", local.get(sources[i]!), 0))),
      code,
      turned.map((line, k) => memory("v128.store", local.get(to), k * width * FLOAT, line)),
      next(LANES),
    ];
    const step: Code = [
      sources.map((source, i) =>
        memory("f32.store", local.get(to), i * FLOAT, memory("f32.load", local.get(source), 0)),
      ),
      next(1),
    ];
    return count(routine.builder, i32(0), i32(columns), LANES, (first) => [
      // Columns that are missing repeat the last one.
      sources.map((source, i) => local.set(source, start(least(plus(local.get(first), i), i32(columns - 1))))),
      local.set(to, add(lines, times(local.get(first), FLOAT))),
      whole === LANES ? square : count(routine.builder, i32(0), i32(whole), LANES, () => square),
      range(this.#deep - whole).map(() => step),
    ]);
  }

  /** Rows m .. m + together - 1; the last rows may be there already, then the very last is summed up again. */
  #rows(
    m: Code,
    sums: readonly LocalReference[],
    vectorOfB: (v: number, k: number | undefined, flat: Code) => Code,
    block: Code[],
  ): void {
    const { routine, plan, kernel } = this;
    const { a } = plan;
    const even = plan.rows % this.#together === 0;
    const row = (r: number): Code => (even ? plus(m, r) : least(plus(m, r), i32(plan.rows - 1)));
    const plain = a.source !== "general" && a.access.guards.length === 0;
    const addresses = plain ? range(this.#together).map(() => routine.integer()) : [];
    addresses.forEach((address, r) => {
      routine.at(row(r), kernel.rows, block, (inner) =>
        inner.push(
          local.set(
            address,
            routine.offset(a.linear, [...kernel.batch, ...kernel.rows], routine.pointers.base(a.access)),
          ),
        ),
      );
    });
    block.push(sums.map((sum) => local.set(sum, v128(0))));
    const [element, ...vectors] = range(1 + this.#vectors).map(() => routine.builder.local("v128"));
    const step = (flat: Code, k: number | undefined): Code => {
      const code: Code[] = [];
      routine.at(flat, kernel.depth, code, (inner) => {
        inner.push(vectors.map((vector, v) => local.set(vector, vectorOfB(v, k, flat))));
        const offset = plain ? routine.hold(routine.offset(a.linear, kernel.depth), inner) : i32(0);
        for (const r of range(this.#together)) {
          if (plain)
            inner.push(local.set(element!, memory("v128.load32_splat", add(local.get(addresses[r]!), offset), 0)));
          else {
            routine.at(row(r), kernel.rows, inner, (at) =>
              at.push(local.set(element!, ins("f32x4.splat", elementOf(routine, kernel.a)))),
            );
          }
          for (const v of range(this.#vectors))
            inner.push(this.#accumulate(sums[r * this.#vectors + v]!, element!, vectors[v]!));
        }
      });
      return code;
    };
    if (this.#together * this.#vectors * this.#deep <= WRITTEN_OUT) {
      block.push(range(this.#deep).map((k) => step(i32(k), k)));
    } else block.push(count(routine.builder, i32(0), i32(this.#deep), 1, (k) => step(local.get(k), undefined)));
    for (const r of range(this.#together)) {
      const store: Code[] = [];
      this.#store(row(r), sums.slice(r * this.#vectors), store);
      // Stored once only: what a row becomes may lie where it read something that it is made of.
      block.push(even || r === 0 ? store : when(ins("i32.lt_s", plus(m, r), i32(plan.rows)), store));
    }
  }

  #accumulate(sum: LocalReference, element: LocalReference, vector: LocalReference): Code {
    const [x, y, z] = [local.get(element), local.get(vector), local.get(sum)];
    const fused = this.options.fusedMultiplyAdd;
    return local.set(sum, multiplyAdd(fused, x, y, z));
  }

  /** Stores what becomes of a row's sums. */
  #store(row: Code, sums: readonly LocalReference[], block: Code[]): void {
    const { routine, kernel, plan } = this;
    const [column] = kernel.columns;
    routine.at(row, kernel.rows, block, (inner) => {
      for (const v of range(this.#vectors)) {
        const lanes = Math.min(LANES, plan.columns - v * LANES);
        if (!column) {
          writeStores(routine, kernel, lane("f32x4.extract_lane", 0, local.get(sums[v]!)), undefined, 1, inner);
          continue;
        }
        const index: Loop = column;
        const at = routine.integer();
        inner.push(local.set(at, i32(v * LANES)));
        const each = routine.assembler.nest.at(new Map([[index.id, at]]), (code) =>
          writeStores(routine, kernel, local.get(sums[v]!), column, lanes, code),
        );
        inner.push(each);
      }
    });
  }
}
