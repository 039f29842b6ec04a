import { type Code, i32, local, memory } from "../encode/index.ts";
import { add, count, least, plus, times } from "./arithmetic.ts";
import { elementOf } from "./element.ts";
import { FLOAT } from "./microkernel.ts";
import type { OperandWriter } from "./operand-writer.ts";
import type { Callee } from "./routine.ts";

/** Packs a panel of rows element by element. */
export function packGeneralPanel(writer: OperandWriter): Callee {
  const { kernel, plan, layout } = writer;
  const { height } = layout;
  const { run } = plan.depth;
  return writer.routine(
    6,
    (routine, values, range, block) => {
      const [, first, h, to, list] = values as [Code, Code, Code, Code, Code];
      const { k0, kn } = range;
      const last = routine.hold(plus(add(first, h), -1), block);
      block.push(
        writer.one(list, to, range),
        count(routine.builder, i32(0), i32(height), 1, (i) => {
          const rows: Code[] = [];
          const at = routine.integer();
          rows.push(local.set(at, add(to, times(local.get(i), FLOAT))));
          writer.rows.at(routine, least(add(first, local.get(i)), last), rows, (inRow) =>
            inRow.push(
              writer.eachSegment(routine, range, (_, each) =>
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
