import { sizeOf } from "../../../codegen/index.ts";
import type { Access, Loop } from "../../../passes/index.ts";
import { type Code, f32, i32, local, memory } from "../encode/index.ts";
import { add, count, least, plus, times } from "./arithmetic.ts";
import { elementOf } from "./element.ts";
import { FLOAT } from "./lanes.ts";
import type { Routine } from "./routine.ts";

/** Lines of an operand: its elements along the loop `run` at a point of `loops`. */
export interface Lines {
  readonly access: Access;
  readonly loops: readonly Loop[];
  readonly run: Loop;
  /** The first line that is copied, and how many; those that don't exist repeat the last one. */
  readonly first: Code;
  readonly count: number;
}

/** Copies lines to contiguous ones of `length` floats, with zeros after their ends. */
export function copyLines(routine: Routine, lines: Lines, to: Code, length: number): Code {
  const { access, loops, run, first } = lines;
  const last = sizeOf(loops) - 1;
  return count(routine.builder, i32(0), i32(lines.count), 1, (number) => {
    const block: Code[] = [];
    routine.at(least(add(first, local.get(number)), i32(last)), loops, block, (inner) => {
      const line = routine.hold(add(to, times(local.get(number), length * FLOAT)), inner);
      inner.push(
        count(routine.builder, i32(0), i32(run.size), 1, (k) =>
          routine.assembler.nest.at(new Map([[run.id, k]]), (atStep) =>
            atStep.push(memory("f32.store", add(line, times(local.get(k), FLOAT)), 0, elementOf(routine, access))),
          ),
        ),
        Array.from({ length: length - run.size }, (_, k) =>
          memory("f32.store", plus(line, (run.size + k) * FLOAT), 0, f32(0)),
        ),
      );
    });
    return block;
  });
}
