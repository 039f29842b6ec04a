import { ExpressionWriter, linearize, Region, strideOf } from "../../../codegen/index.ts";
import { type Access, type ContractionKernel, collapseContraction, type Loop } from "../../../passes/index.ts";
import { type Code, i32, ins, local, memory, when } from "../encode/index.ts";
import type { AssemblerOptions } from "../render/assembler.ts";
import { add, count, multiply, plus, times } from "./arithmetic.ts";
import { FLOAT, LANES, VECTOR } from "./lanes.ts";
import { type Callee, Routine, type Support } from "./routine.ts";
import type { Rows } from "./rows.ts";

/** Stores what becomes of a sum at the current point; along a loop of the columns: of sums in the first `lanes` lanes from it on. */
export function writeStores(
  { assembler }: Routine,
  { stores }: ContractionKernel,
  sum: Code,
  column: Loop | undefined,
  lanes: number,
  block: Code[],
): void {
  const place = { vector: column?.id, count: lanes };
  const width = column ? "vector" : "scalar";
  const writer = new ExpressionWriter(assembler, () => ({ value: sum, width }));
  const region = new Region<Code, Code>(block);
  const values = stores.map(({ value }) => writer.as(value, width, place, region));
  stores.forEach((store, i) => block.push(writer.store(store, values[i]!, width, place)));
}

/**
 * The epilogue: a function (tile, batch, first, h, n0, end, stride) that stores what becomes of finished sums: rows
 * first .. first + h - 1, columns n0 .. end - 1; `tile` has `stride` bytes from row to row, in whole vectors.
 */
export function storeFunction(
  kernel: ContractionKernel,
  options: AssemblerOptions,
  support: Support,
  rows: Rows | undefined,
): Callee {
  const routine = new Routine(7, options);
  const { builder, assembler } = routine;
  const [tile, batch, first, h, n0, end, stride] = routine.arguments as [Code, Code, Code, Code, Code, Code, Code];
  // The stores alone often see several loops of the rows as one.
  const stored = rows?.ordered ? kernel : withoutOperands(kernel);
  const [column] = stored.columns;
  const from = routine.integer();
  const body: Code[] = [];

  const point = (lanes: number, inner: Code[]): void => {
    const address = local.get(from);
    const sum = column
      ? builder.hold("v128", memory("v128.load", address, 0), inner)
      : builder.hold("f32", memory("f32.load", address, 0), inner);
    writeStores(routine, stored, sum, column, lanes, inner);
  };

  const row = (block: Code[]): void => {
    if (!column) return point(1, block);
    const rest = column.size % LANES;
    const index = routine.integer();
    const whole = rest === 0 ? end : routine.hold(ins("i32.and", end, i32(-LANES)), block);
    const vector = (lanes: number): Code =>
      assembler.nest.at(new Map([[column.id, index]]), (inner) => point(lanes, inner));
    block.push(
      local.set(index, n0),
      count(builder, n0, whole, LANES, (turn) => [
        local.set(index, local.get(turn)),
        vector(LANES),
        local.set(from, plus(local.get(from), VECTOR)),
      ]),
    );
    if (rest === 0) return;
    // n0 is a multiple of the lanes, so the rest is the same wherever there is one.
    block.push(when(ins("i32.lt_s", whole, end), [local.set(index, whole), vector(rest)]));
  };

  routine.at(batch, stored.batch, body, (inBatch) => {
    inBatch.push(
      count(builder, i32(0), h, 1, (r) => {
        const block: Code[] = [local.set(from, add(tile, multiply(local.get(r), stride)))];
        const flat = add(first, local.get(r));
        if (rows?.ordered) rows.at(routine, flat, block, row);
        else routine.at(flat, stored.rows, block, row);
        return block;
      }),
    );
  });
  builder.body.push(body);
  return routine.finish(support);
}

/** Where tiles can be written at once: rows `stride` bytes apart. */
export interface DirectOutput {
  readonly stride: number;
  /** Address of the result at a row and a column, at the current point of the batch. */
  readonly at: (routine: Routine, row: Code, column: Code) => Code;
}

/** The place of a result that is nothing but the sums, in whole vectors; undefined where it is anything else. */
export function directOutput(kernel: ContractionKernel): DirectOutput | undefined {
  const [store, ...others] = kernel.stores;
  const [column] = kernel.columns;
  const { rows } = withoutOperands(kernel);
  if (!store || others.length > 0 || !column || rows.length > 1 || column.size % LANES !== 0) return undefined;
  const { access, value } = store;
  const linear = linearize(access.index);
  if (value.kind !== "result" || !linear || strideOf(linear, column) !== 1) return undefined;
  // Rows in one loop: the last one of the kernel's own has its stride.
  const last = kernel.rows.at(-1);
  const stride = strideOf(linear, last) * FLOAT;
  return {
    stride,
    at: (routine, row, columnNumber) =>
      add(
        routine.offset(linear, kernel.batch, routine.pointers.base(access)),
        times(row, stride),
        times(columnNumber, FLOAT),
      ),
  };
}

function withoutOperands(kernel: ContractionKernel): ContractionKernel {
  const nothing: Access = { ...kernel.a, index: { constant: 0, terms: [] }, guards: [] };
  return collapseContraction({ ...kernel, a: nothing, b: nothing, depth: [] });
}
