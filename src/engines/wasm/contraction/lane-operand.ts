import { strideOf } from "../../../codegen/index.ts";
import type { Guard } from "../../../ir/index.ts";
import { coefficientOf, type Loop } from "../../../passes/index.ts";
import { type Code, f32, i32, ins, type LocalReference, local, memory, repeatWhile, when } from "../encode/index.ts";
import { add, count, least, multiply, plus, times } from "./arithmetic.ts";
import { FLOAT } from "./lanes.ts";
import { SEGMENT_BYTES } from "./microkernel.ts";
import type { OperandWriter } from "./operand-writer.ts";
import { packLanes } from "./packing.ts";
import type { Callee, Routine } from "./routine.ts";

/** Lists the segments of the depth as they meet a group of rows that lie side by side: guards cut them to ranges. */
export function listLanes(writer: OperandWriter): Callee {
  const { plan, kernel } = writer;
  const { a, b, depth, packB } = plan;
  const { run } = depth;
  const outer = kernel.rows.slice(0, -1);
  let entry: Code = [];
  let list: Code = [];
  return writer.routine(
    3,
    (routine, values, range, block) => {
      const at = routine.integer();
      [entry, list] = [local.get(at), values[2]!];
      block.push(local.set(at, list));
      routine.at(values[1]!, outer, block, (inGroup) => {
        const each = writer.eachSegment(routine, range, (s, inner) => {
          const [low, high] = [routine.integer(), routine.integer()];
          inner.push(local.set(low, range.k0), local.set(high, add(range.k0, range.kn)));
          for (const guard of a.access.guards) inner.push(cut(routine, guard, run, low, high));
          const step = packB === "direct" ? strideOf(b.linear, run) : 1;
          const base = routine.pointers.base(a.access);
          const place = routine.offset(a.linear, [...kernel.batch, ...outer, ...depth.segments], base);
          const along = times(local.get(low), strideOf(a.linear, run) * FLOAT);
          const skipped = times(ins("i32.sub", local.get(low), range.k0), step);
          const write: Code = [
            memory("i32.store", local.get(at), 0, add(place, along)),
            memory("i32.store", local.get(at), 4, add(writer.startInB(routine, s, range), skipped)),
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
export function cut(
  routine: Routine,
  { expression, size }: Guard,
  run: Loop,
  low: LocalReference,
  high: LocalReference,
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

/** Packs a panel of rows that lie side by side. */
export function packLanePanel(writer: OperandWriter): Callee {
  const { plan, kernel, layout } = writer;
  const { linear } = plan.a;
  const { height } = layout;
  const pack = packLanes(writer.support, height);
  const stride = strideOf(linear, plan.depth.run) * FLOAT;
  const last = kernel.rows.at(-1)!;
  return writer.routine(
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
          writer.eachSegment(routine, range, (s, each) => {
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
          return memory("f32.store", target, 0, f32(0));
        }),
      );
      block.push(
        writer.one(list, to, range),
        local.set(i, i32(0)),
        repeatWhile(side, ins("i32.lt_s", local.get(i), h)),
        rest,
      );
    },
    () => i32(1),
  );
}
