import { type Code, i32, ins, local, memory, when } from "../encode/index.ts";
import { add, multiply, plus, times } from "./arithmetic.ts";
import type { Range } from "./geometry.ts";
import { FLOAT } from "./lanes.ts";
import { SEGMENT_BYTES } from "./microkernel.ts";
import type { OperandWriter } from "./operand-writer.ts";
import { packRows } from "./packing.ts";
import type { Callee, Routine } from "./routine.ts";

/** rows (batch, first, h, table, starts): lists where each segment of a panel's rows is, and where it begins in B. */
export function listRows(writer: OperandWriter): Callee {
  return overRows(writer, 5, (routine, [, , , table, starts], range, _s, base, exists) => {
    const { layout, rows } = writer;
    const [at, start] = [routine.integer(), routine.integer()];
    return {
      before: [local.set(at, table!), local.set(start, starts!)],
      segment: (s, inner) => {
        const offset = routine.hold(writer.startInA(routine, range), inner);
        inner.push(
          memory("i32.store", local.get(start), 0, writer.startInB(routine, s, range)),
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
export function packRowPanel(writer: OperandWriter): Callee {
  const { height } = writer.layout;
  const pack = packRows(writer.support, height);
  return overRows(writer, 6, (routine, [, , , to, list, table], range, _s, base, exists) => {
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
        writer.skips ? [] : write(i32(0), multiply(ins("i32.sub", s1, s0), kn)),
      ],
      segment: (s, inner) => {
        if (writer.skips) inner.push(write(writer.startInB(routine, s, range), kn));
        const offset = routine.hold(writer.startInA(routine, range), inner);
        inner.push(
          base.map((row, i) =>
            memory("i32.store", table!, i * 4, writer.rows.segment(routine, row, exists[i]!, s, offset)),
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
function overRows(
  writer: OperandWriter,
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
  return writer.routine(
    named,
    (routine, values, range, block) => {
      const { base, exists } = writer.rows.pointers(routine, values[1]!, values[2]!, block);
      const any = writer.skips ? writer.rows.any(routine, exists, block) : [];
      const parts = write(routine, values, range, writer.skips, base, exists);
      result = parts.result;
      block.push(
        parts.before,
        writer.eachSegment(routine, range, (s, inner) => {
          if (!writer.skips) return parts.segment(s, inner);
          const some: Code[] = [];
          parts.segment(s, some);
          inner.push(when(writer.rows.test(any, s), some));
        }),
      );
    },
    () => result,
  );
}
