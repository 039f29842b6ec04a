import type { BlockedPlan, Layout, RowOrder } from "../../../codegen/index.ts";
import { validity } from "../../../codegen/index.ts";
import type { ContractionKernel, Loop } from "../../../passes/index.ts";
import { type Code, i32, ins, local, memory, zero } from "../encode/index.ts";
import { add, least, plus, range, remainder, times } from "./arithmetic.ts";
import type { MemoryPlan } from "./memory-plan.ts";
import type { Routine } from "./routine.ts";
import { type Table, writeTable } from "./tables.ts";

interface ValidityTable {
  readonly loop: Loop | undefined;
  /** Bits of segments 0 to 31, and of those from 32 on. */
  readonly words: readonly Table[];
}

/**
 * Rows of A as pointers: where each row begins, in which order rows are taken, and which segments of the depth exist for a row. Its
 * tables lie in each worker's scratch memory.
 */
export class Rows {
  readonly #order: { readonly period: number; readonly table: Table } | undefined;
  readonly #validity: readonly ValidityTable[];
  /** Where a run of zeros lies, which stands for what does not exist. */
  readonly #zeros: number;

  constructor(
    readonly kernel: ContractionKernel,
    readonly plan: BlockedPlan,
    readonly layout: Layout,
    order: RowOrder | undefined,
    scratch: MemoryPlan,
  ) {
    const table = (values: readonly number[]): Table => ({ values, offset: scratch.take(values.length) });
    const isRows = plan.a.source === "rows";
    this.#order = order && { period: order.period, table: table(order.order) };
    const words = layout.segments > 32 ? 2 : 1;
    this.#validity = (isRows ? validity(kernel, plan) : []).map((each) => ({
      loop: each.loop,
      words: range(words).map((word) =>
        table(each.words.map((bits) => Number(BigInt.asIntN(32, bits >> BigInt(32 * word))))),
      ),
    }));
    this.#zeros = isRows && this.guarded ? scratch.take(layout.run + 4) : 0;
  }

  get ordered(): boolean {
    return this.#order !== undefined;
  }

  get guarded(): boolean {
    return this.plan.a.access.guards.length > 0;
  }

  /** Code at the start of a phase, before anything asks for rows. */
  prepare(routine: Routine): Code {
    if (!this.#order && !this.guarded) return [];
    const scratch = routine.pointers.memory("scratch");
    const tables = [...(this.#order ? [this.#order.table] : []), ...this.#validity.flatMap(({ words }) => words)];
    return [
      tables.map((each) => writeTable(routine.builder, each, scratch)),
      this.#zeros > 0 ? zero(plus(scratch, this.#zeros), i32((this.layout.run + 4) * 4)) : [],
    ];
  }

  #entry(routine: Routine, { offset }: Table, index: Code): Code {
    return memory("i32.load", add(routine.pointers.memory("scratch"), times(index, 4)), offset);
  }

  /** Writes what is done at row number `flat`. */
  at(routine: Routine, flat: Code, block: Code[], body: (inner: Code[]) => void): void {
    const { rows } = this.kernel;
    if (!this.#order) return routine.at(flat, rows, block, body);
    const { period, table } = this.#order;
    const number = routine.hold(flat, block);
    const digit = routine.hold(remainder(number, period), block);
    routine.at(add(ins("i32.sub", number, digit), this.#entry(routine, table, digit)), rows, block, body);
  }

  /** Addresses of a panel's rows first .. first + h - 1, and bits of their segments; the panel's remaining rows repeat the last one. */
  pointers(
    routine: Routine,
    first: Code,
    h: Code,
    block: Code[],
  ): { readonly base: Code[]; readonly exists: Code[][] } {
    const { a } = this.plan;
    const last = routine.hold(plus(add(first, h), -1), block);
    const base: Code[] = [];
    const exists: Code[][] = [];
    for (const i of range(this.layout.height)) {
      const [address, ...bits] = [routine.integer(), ...(this.#validity[0]?.words ?? []).map(() => routine.integer())];
      const flat = i === 0 ? first : least(plus(first, i), last);
      this.at(routine, flat, block, (inner) => {
        const pointer = routine.pointers.base(a.access);
        const loops = [...this.kernel.batch, ...this.kernel.rows];
        inner.push(local.set(address, routine.offset(a.linear, loops, pointer)));
        bits.forEach((word, number) => {
          const all = this.#validity.map(({ loop, words }) => {
            const index = loop
              ? routine.assembler.nest.sum({ constant: 0, terms: [{ coefficient: 1, of: loop.id }] }, 1)
              : i32(0);
            return this.#entry(routine, words[number]!, index);
          });
          inner.push(
            local.set(
              word,
              all.reduce((both, each) => ins("i32.and", both, each)),
            ),
          );
        });
      });
      base.push(local.get(address));
      exists.push(bits.map((word) => local.get(word)));
    }
    return { base, exists };
  }

  /** Whether bit s of a row's words is set. */
  test(words: readonly Code[], s: Code): Code {
    const [low, high] = words as [Code, Code | undefined];
    if (high === undefined) return ins("i32.and", ins("i32.shr_u", low, s), i32(1));
    // Shifts take their amount modulo 32.
    const word = ins("select", low, high, ins("i32.lt_u", s, i32(32)));
    return ins("i32.and", ins("i32.shr_u", word, s), i32(1));
  }

  /** Bits of segments that any of the rows has. */
  any(routine: Routine, exists: readonly (readonly Code[])[], block: Code[]): Code[] {
    const words = exists[0]?.length ?? 0;
    return range(words).map((word) =>
      routine.hold(
        exists.map((each) => each[word]!).reduce((both, each) => ins("i32.or", both, each)),
        block,
      ),
    );
  }

  /** Where segment s of a row begins, `offset` bytes from the row's address: or zeros. */
  segment(routine: Routine, base: Code, words: readonly Code[], s: Code, offset: Code): Code {
    const found = add(base, offset);
    if (!this.guarded) return found;
    const zeros = plus(routine.pointers.memory("scratch"), this.#zeros);
    return ins("select", found, zeros, this.test(words, s));
  }
}
