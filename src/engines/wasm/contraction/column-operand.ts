import { strideOf } from "../../../codegen/index.ts";
import { type Code, i32, ins, type LocalReference, local, memory, when } from "../encode/index.ts";
import { add, count, least, plus, range, times } from "./arithmetic.ts";
import { elementOf } from "./element.ts";
import type { Range } from "./geometry.ts";
import { FLOAT } from "./lanes.ts";
import type { OperandWriter } from "./operand-writer.ts";
import { packLanes, packRows } from "./packing.ts";
import type { Callee, Routine } from "./routine.ts";

/** to[k * width + j] = B at step k of the depth and column n0 + j, for one panel of columns. */
export function packColumnPanel(writer: OperandWriter): Callee {
  const { plan } = writer;
  const { width, count: panels, lastWidth } = plan.columnPanels;
  const rest = plan.columns - (panels - 1) * width;
  return writer.routine(5, (routine, values, range, block) => {
    const [, n0, n, to, table] = values as [Code, Code, Code, Code, Code];
    const ofPanel = (wide: number, columns: number) => columnsOf(writer, routine, wide, columns, n0, to, table, range);
    if (panels === 1) block.push(ofPanel(lastWidth, rest));
    else if (rest === width) block.push(ofPanel(width, width));
    else block.push(when(ins("i32.eq", n, i32(width)), ofPanel(width, width), ofPanel(lastWidth, rest)));
  });
}

function columnsOf(
  writer: OperandWriter,
  routine: Routine,
  width: number,
  columns: number,
  n0: Code,
  to: Code,
  table: Code,
  range4: Range,
): Code {
  const { plan, kernel } = writer;
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
  const each = writer.eachSegment(routine, range4, (_, inner) => {
    if (b.source === "lanes") {
      const pack = packLanes(writer.support, width, columns);
      inner.push(routine.callShared(pack, place(), i32(stride), kn, local.get(at)), advance);
    } else if (b.source === "rows") {
      const pack = packRows(writer.support, width);
      const from = routine.hold(place(), inner);
      inner.push(
        range(width).map((j) => memory("i32.store", table, j * 4, plus(from, Math.min(j, columns - 1) * across))),
        routine.callShared(pack, table, kn, local.get(at)),
        advance,
      );
    } else inner.push(general(writer, routine, width, columns, n0, at, range4));
  });
  return [block, each];
}

function general(
  writer: OperandWriter,
  routine: Routine,
  width: number,
  columns: number,
  n0: Code,
  at: LocalReference,
  { k0, kn }: Range,
): Code {
  const { kernel, plan } = writer;
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
