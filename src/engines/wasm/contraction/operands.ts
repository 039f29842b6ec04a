import type { BlockedPlan, Layout } from "../../../codegen/index.ts";
import { strideOf } from "../../../codegen/index.ts";
import type { Guard } from "../../../ir/index.ts";
import { type ContractionKernel, coefficientOf, type Loop } from "../../../passes/index.ts";
import { type Code, i32, ins, local, memory, when } from "../encode/index.ts";
import type { AssemblerOptions } from "../render/assembler.ts";
import { add, count, least, multiply, plus, range, times } from "./arithmetic.ts";
import { elementOf } from "./element.ts";
import type { Range } from "./geometry.ts";
import { FLOAT, SEGMENT_BYTES } from "./microkernel.ts";
import { packLanes, packRows } from "./packing.ts";
import { type Callee, Routine, type Support } from "./routine.ts";
import type { Rows } from "./rows.ts";

/**
 * The functions through which register tiles meet the operands. All end with the parameters of a range; those of A return the number of
 * entries they listed.
 *
 * - rows (batch, first, h, table, starts): lists where each segment of a panel's rows is, and where it begins in B.
 * - segments (batch, group, list): lists the segments as they meet a group of rows that lie side by side.
 * - panel (batch, first, h, to, list, table): packs a panel of rows, and lists where its segments begin.
 * - pack (batch, n0, n, to, table): packs a panel of columns.
 */
export class Operands {
  /** "rows", "segments" or "panel", as the plan says. */
  readonly ofA: Callee;
  readonly ofB: Callee | undefined;
  /** Whether steps of the depth that no row of a panel meets are left out. */
  readonly #skips: boolean;

  constructor(
    readonly kernel: ContractionKernel,
    readonly plan: BlockedPlan,
    readonly layout: Layout,
    readonly rows: Rows,
    readonly options: AssemblerOptions,
    readonly support: Support,
  ) {
    const { a, packA, packB } = plan;
    const own = packA === "direct" || (packA === "chunk" && plan.rowsOuter);
    this.#skips = a.source === "rows" && own && kernel.a.guards.length > 0;
    const direct = packA === "direct";
    if (a.source === "rows") this.ofA = direct ? this.#rowsDirect() : this.#rowsPacked();
    else if (a.source === "lanes") this.ofA = direct ? this.#lanesDirect() : this.#lanesPacked();
    else this.ofA = this.#generalPacked();
    this.ofB = packB === "direct" ? undefined : this.#packB();
  }

  /** A function of `named` parameters and a range, written at a point of the batch (the first parameter). */
  #routine(
    named: number,
    write: (routine: Routine, parameters: readonly Code[], range: Range, block: Code[]) => void,
    result?: (routine: Routine) => Code,
  ): Callee {
    const routine = new Routine(named + 4, this.options, ...(result ? (["i32"] as const) : []));
    const values = routine.arguments;
    const [s0, s1, k0, kn] = values.slice(named) as [Code, Code, Code, Code];
    const block: Code[] = [];
    routine.at(values[0]!, this.kernel.batch, block, (inner) =>
      write(routine, values.slice(0, named), { s0, s1, k0, kn }, inner),
    );
    routine.builder.body.push(block, result ? result(routine) : []);
    return routine.finish(this.support);
  }

  #eachSegment(routine: Routine, { s0, s1 }: Range, body: (s: Code, inner: Code[]) => void): Code {
    return count(routine.builder, s0, s1, 1, (s) => {
      const block: Code[] = [];
      routine.at(local.get(s), this.plan.depth.segments, block, (inner) => body(local.get(s), inner));
      return block;
    });
  }

  /** Where a segment begins in B: its steps so far when packed, else its place (from step k0 of the run on). */
  #startInB(routine: Routine, s: Code, { s0, kn }: Range): Code {
    const { packB, b, depth } = this.plan;
    if (packB !== "direct") return multiply(ins("i32.sub", s, s0), kn);
    return routine.place(b.linear, depth.segments);
  }

  /** Bytes from a row's address to where segment s begins. */
  #startInA(routine: Routine, { k0 }: Range): Code {
    const { a, depth } = this.plan;
    return add(routine.offset(a.linear, depth.segments), times(k0, FLOAT));
  }

  #rowsDirect(): Callee {
    return this.#rows(5, (routine, [, , , table, starts], range, _s, base, exists) => {
      const { layout, rows } = this;
      const [at, start] = [routine.integer(), routine.integer()];
      return {
        before: [local.set(at, table!), local.set(start, starts!)],
        segment: (s, inner) => {
          const offset = routine.hold(this.#startInA(routine, range), inner);
          inner.push(
            memory("i32.store", local.get(start), 0, this.#startInB(routine, s, range)),
            base.map((row, i) =>
              memory("i32.store", local.get(at), i * 4, rows.segment(routine, row, exists[i]!, s, offset)),
            ),
            local.set(start, plus(local.get(start), 4)),
            local.set(at, plus(local.get(at), layout.height * 4)),
          );
        },
        result: ins("i32.shr_u", ins("i32.sub", local.get(start), starts!), i32(2)),
      };
    });
  }

  /** Packs a panel of rows, and lists where its segments begin. */
  #rowsPacked(): Callee {
    const { height } = this.layout;
    const pack = packRows(this.support, height);
    return this.#rows(6, (routine, [, , , to, list, table], range, _s, base, exists) => {
      const [at, entry] = [routine.integer(), routine.integer()];
      const { s0, s1, kn } = range;
      const write = (start: Code, depth: Code): Code => [
        memory("i32.store", local.get(entry), 0, local.get(at)),
        memory("i32.store", local.get(entry), 4, start),
        memory("i32.store", local.get(entry), 8, depth),
        local.set(entry, plus(local.get(entry), SEGMENT_BYTES)),
      ];
      return {
        before: [
          local.set(at, to!),
          local.set(entry, list!),
          this.#skips ? [] : write(i32(0), multiply(ins("i32.sub", s1, s0), kn)),
        ],
        segment: (s, inner) => {
          if (this.#skips) inner.push(write(this.#startInB(routine, s, range), kn));
          const offset = routine.hold(this.#startInA(routine, range), inner);
          inner.push(
            base.map((row, i) =>
              memory("i32.store", table!, i * 4, this.rows.segment(routine, row, exists[i]!, s, offset)),
            ),
            routine.callShared(pack, table!, kn, local.get(at)),
            local.set(at, add(local.get(at), times(kn, height * FLOAT))),
          );
        },
        result: ins("i32.div_u", ins("i32.sub", local.get(entry), list!), i32(SEGMENT_BYTES)),
      };
    });
  }

  /** A function over the segments of a panel of rows that are pointers. */
  #rows(
    named: number,
    write: (
      routine: Routine,
      parameters: readonly Code[],
      range: Range,
      skips: boolean,
      base: readonly Code[],
      exists: readonly (readonly Code[])[],
    ) => { readonly before: Code; readonly segment: (s: Code, inner: Code[]) => void; readonly result: Code },
  ): Callee {
    let result: Code = [];
    return this.#routine(
      named,
      (routine, values, range, block) => {
        const { base, exists } = this.rows.pointers(routine, values[1]!, values[2]!, block);
        const any = this.#skips ? this.rows.any(routine, exists, block) : [];
        const parts = write(routine, values, range, this.#skips, base, exists);
        result = parts.result;
        block.push(
          parts.before,
          this.#eachSegment(routine, range, (s, inner) => {
            if (!this.#skips) return parts.segment(s, inner);
            const some: Code[] = [];
            parts.segment(s, some);
            inner.push(when(this.rows.test(any, s), some));
          }),
        );
      },
      () => result,
    );
  }

  /** Lists the segments of the depth as they meet a group of rows that lie side by side: guards cut them to ranges. */
  #lanesDirect(): Callee {
    const { plan, kernel } = this;
    const { a, b, depth, packB } = plan;
    const { run } = depth;
    const outer = kernel.rows.slice(0, -1);
    let entry: Code = [];
    let list: Code = [];
    return this.#routine(
      3,
      (routine, values, range, block) => {
        const at = routine.integer();
        [entry, list] = [local.get(at), values[2]!];
        block.push(local.set(at, list));
        routine.at(values[1]!, outer, block, (inGroup) => {
          const each = this.#eachSegment(routine, range, (s, inner) => {
            const [low, high] = [routine.integer(), routine.integer()];
            inner.push(local.set(low, range.k0), local.set(high, add(range.k0, range.kn)));
            for (const guard of a.access.guards) inner.push(this.#cut(routine, guard, run, low, high));
            const step = packB === "direct" ? strideOf(b.linear, run) : 1;
            const base = routine.pointers.base(a.access);
            const place = routine.offset(a.linear, [...kernel.batch, ...outer, ...depth.segments], base);
            const along = times(local.get(low), strideOf(a.linear, run) * FLOAT);
            const skipped = times(ins("i32.sub", local.get(low), range.k0), step);
            const write: Code = [
              memory("i32.store", local.get(at), 0, add(place, along)),
              memory("i32.store", local.get(at), 4, add(this.#startInB(routine, s, range), skipped)),
              memory("i32.store", local.get(at), 8, ins("i32.sub", local.get(high), local.get(low))),
              local.set(at, plus(local.get(at), SEGMENT_BYTES)),
            ];
            inner.push(when(ins("i32.gt_s", local.get(high), local.get(low)), write));
          });
          inGroup.push(each);
        });
      },
      () => ins("i32.div_u", ins("i32.sub", entry, list), i32(SEGMENT_BYTES)),
    );
  }

  /** Cuts the range low .. high of the run to where a guard holds. */
  #cut(
    routine: Routine,
    { expression, size }: Guard,
    run: Loop,
    low: Parameters<typeof local.get>[0],
    high: Parameters<typeof local.get>[0],
  ): Code {
    const along = coefficientOf(expression, run.id);
    const rest = { ...expression, terms: expression.terms.filter(({ of }) => of !== run.id) };
    const block: Code[] = [];
    const g = routine.hold(routine.assembler.index(rest), block);
    if (along === 0) {
      const outside = ins("i32.ge_u", g, i32(size));
      return [block, when(outside, local.set(high, local.get(low)))];
    }
    // 0 <= g + along * k < size
    const ceil = (value: Code) => ins("i32.div_u", plus(value, along - 1), i32(along));
    const zero = i32(0);
    const from = routine.hold(ins("select", zero, ceil(ins("i32.sub", zero, g)), ins("i32.ge_s", g, zero)), block);
    const to = routine.hold(
      ins("select", zero, ceil(ins("i32.sub", i32(size), g)), ins("i32.ge_s", g, i32(size))),
      block,
    );
    const greater = ins("select", from, local.get(low), ins("i32.gt_s", from, local.get(low)));
    return [block, local.set(low, greater), local.set(high, least(to, local.get(high)))];
  }

  /** The list of a panel that is packed whole. */
  #one(list: Code, to: Code, { s0, s1, kn }: Range): Code {
    return [
      memory("i32.store", list, 0, to),
      memory("i32.store", list, 4, i32(0)),
      memory("i32.store", list, 8, multiply(ins("i32.sub", s1, s0), kn)),
    ];
  }

  #lanesPacked(): Callee {
    const { plan, kernel, layout } = this;
    const { linear } = plan.a;
    const { height } = layout;
    const pack = packLanes(this.support, height);
    const stride = strideOf(linear, plan.depth.run) * FLOAT;
    const last = kernel.rows.at(-1)!;
    return this.#routine(
      6,
      (routine, values, range, block) => {
        const [, first, h, to, list] = values as [Code, Code, Code, Code, Code];
        const { s0, s1, kn, k0 } = range;
        const i = routine.integer();
        const side: Code[] = [];
        // Rows that lie side by side, up to the end of their loop.
        routine.at(add(first, local.get(i)), kernel.rows, side, (inner) => {
          const index = routine.assembler.nest.sum({ constant: 0, terms: [{ coefficient: 1, of: last.id }] }, 1);
          const left = routine.hold(ins("i32.sub", i32(last.size), index), inner);
          const n = routine.hold(least(left, ins("i32.sub", h, local.get(i))), inner);
          const loops = [...kernel.batch, ...kernel.rows];
          const row = routine.hold(routine.offset(linear, loops, routine.pointers.base(plan.a.access)), inner);
          inner.push(
            this.#eachSegment(routine, range, (s, each) => {
              const segment = routine.offset(linear, plan.depth.segments);
              const from = routine.hold(add(row, segment, times(k0, stride)), each);
              const steps = multiply(ins("i32.sub", s, s0), kn);
              const at = routine.hold(add(to, times(steps, height * FLOAT), times(local.get(i), FLOAT)), each);
              const whole = routine.callShared(pack, from, i32(stride), kn, at);
              const some = count(routine.builder, i32(0), kn, 1, (k) =>
                count(routine.builder, i32(0), n, 1, (j) => {
                  const source = add(from, times(local.get(k), stride), times(local.get(j), FLOAT));
                  const target = add(at, times(local.get(k), height * FLOAT), times(local.get(j), FLOAT));
                  return memory("f32.store", target, 0, memory("f32.load", source, 0));
                }),
              );
              each.push(when(ins("i32.eq", n, i32(height)), whole, some));
            }),
            local.set(i, add(local.get(i), n)),
          );
        });
        const rest = count(routine.builder, h, i32(height), 1, (row) =>
          count(routine.builder, i32(0), multiply(ins("i32.sub", s1, s0), kn), 1, (k) => {
            const target = add(to, times(local.get(k), height * FLOAT), times(local.get(row), FLOAT));
            return [target, 0x43, 0, 0, 0, 0, 0x38, 0, 0];
          }),
        );
        block.push(
          this.#one(list, to, range),
          local.set(i, i32(0)),
          [0x03, 0x40, side, ins("i32.lt_s", local.get(i), h), 0x0d, 0, 0x0b],
          rest,
        );
      },
      () => i32(1),
    );
  }

  #generalPacked(): Callee {
    const { kernel, plan, layout } = this;
    const { height } = layout;
    const { run } = plan.depth;
    return this.#routine(
      6,
      (routine, values, range, block) => {
        const [, first, h, to, list] = values as [Code, Code, Code, Code, Code];
        const { k0, kn } = range;
        const last = routine.hold(plus(add(first, h), -1), block);
        block.push(
          this.#one(list, to, range),
          count(routine.builder, i32(0), i32(height), 1, (i) => {
            const rows: Code[] = [];
            const at = routine.integer();
            rows.push(local.set(at, add(to, times(local.get(i), FLOAT))));
            this.rows.at(routine, least(add(first, local.get(i)), last), rows, (inRow) =>
              inRow.push(
                this.#eachSegment(routine, range, (_, each) =>
                  each.push(
                    count(routine.builder, k0, add(k0, kn), 1, (k) => {
                      const indices = new Map([[run.id, k]]);
                      return routine.assembler.nest.at(indices, (inner) =>
                        inner.push(
                          memory("f32.store", local.get(at), 0, elementOf(routine, kernel.a)),
                          local.set(at, plus(local.get(at), height * FLOAT)),
                        ),
                      );
                    }),
                  ),
                ),
              ),
            );
            return rows;
          }),
        );
      },
      () => i32(1),
    );
  }

  /** to[k * width + j] = B at step k of the depth and column n0 + j, for one panel of columns. */
  #packB(): Callee {
    const { plan } = this;
    const { width, count: panels, lastWidth } = plan.columnPanels;
    const rest = plan.columns - (panels - 1) * width;
    return this.#routine(5, (routine, values, range, block) => {
      const [, n0, n, to, table] = values as [Code, Code, Code, Code, Code];
      const ofPanel = (wide: number, columns: number) => this.#columns(routine, wide, columns, n0, to, table, range);
      if (panels === 1) block.push(ofPanel(lastWidth, rest));
      else if (rest === width) block.push(ofPanel(width, width));
      else block.push(when(ins("i32.eq", n, i32(width)), ofPanel(width, width), ofPanel(lastWidth, rest)));
    });
  }

  #columns(routine: Routine, width: number, columns: number, n0: Code, to: Code, table: Code, range4: Range): Code {
    const { plan, kernel } = this;
    const { b, depth } = plan;
    const { linear } = b;
    const { run } = depth;
    const [column] = kernel.columns;
    const { k0, kn } = range4;
    const block: Code[] = [];
    const at = routine.integer();
    block.push(local.set(at, to));
    const advance = local.set(at, add(local.get(at), times(kn, width * FLOAT)));
    const stride = strideOf(linear, run) * FLOAT;
    const across = strideOf(linear, column) * FLOAT;
    const place = (): Code =>
      add(
        routine.offset(linear, [...kernel.batch, ...depth.segments], routine.pointers.base(b.access)),
        times(k0, stride),
        times(n0, across),
      );
    const each = this.#eachSegment(routine, range4, (_, inner) => {
      if (b.source === "lanes") {
        const pack = packLanes(this.support, width, columns);
        inner.push(routine.callShared(pack, place(), i32(stride), kn, local.get(at)), advance);
      } else if (b.source === "rows") {
        const pack = packRows(this.support, width);
        const from = routine.hold(place(), inner);
        inner.push(
          range(width).map((j) => memory("i32.store", table, j * 4, plus(from, Math.min(j, columns - 1) * across))),
          routine.callShared(pack, table, kn, local.get(at)),
          advance,
        );
      } else inner.push(this.#general(routine, width, columns, n0, at, range4));
    });
    return [block, each];
  }

  #general(
    routine: Routine,
    width: number,
    columns: number,
    n0: Code,
    at: Parameters<typeof local.get>[0],
    { k0, kn }: Range,
  ): Code {
    const { kernel, plan } = this;
    const [column] = kernel.columns;
    return count(routine.builder, k0, add(k0, kn), 1, (k) =>
      count(routine.builder, i32(0), i32(width), 1, (j) => {
        const indices = new Map([[plan.depth.run.id, k]]);
        const block: Code[] = [];
        if (column) {
          const index = routine.integer();
          block.push(local.set(index, add(n0, least(local.get(j), i32(columns - 1)))));
          indices.set(column.id, index);
        }
        const write = routine.assembler.nest.at(indices, (inner) =>
          inner.push(
            memory("f32.store", local.get(at), 0, elementOf(routine, kernel.b)),
            local.set(at, plus(local.get(at), FLOAT)),
          ),
        );
        return [block, write];
      }),
    );
  }
}
