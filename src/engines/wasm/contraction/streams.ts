import { type Plan, sizeOf, strideOf } from "../../../codegen/index.ts";
import type { ContractionKernel } from "../../../passes/index.ts";
import {
  block,
  type Code,
  call,
  FunctionBuilder,
  i32,
  ins,
  leave,
  local,
  memory,
  repeatWhile,
  type WasmFunction,
  when,
  zero,
} from "../encode/index.ts";
import type { AssemblerOptions } from "../render/assembler.ts";
import type { RenderedKernel } from "../render/kernel.ts";
import { add, count, least, multiplyAdd, parameters, plus, quotient, range, remainder, times } from "./arithmetic.ts";
import { storeFunction } from "./epilogue.ts";
import { FLOAT, LANES, VECTOR } from "./lanes.ts";
import { copyLines } from "./lines.ts";
import { MemoryPlan } from "./memory-plan.ts";
import { Routine, type Support } from "./routine.ts";

/** Rows up to which B is better read as it lies, row after row, than packed. */
const MOST_ROWS = 32;
/** Columns from which on it is. */
const LEAST_COLUMNS = 32;
/** Rows and columns of a unit of work, at most: their sums stay in the nearest cache. */
const UNIT_ROWS = 16;
const UNIT_COLUMNS = { most: 256, least: 64 } as const;
/** Units of work wanted at least, so that any number of workers gets even shares. */
const UNITS = 8;

/** Whether a product has so few rows that it is bound by reading B, which lies row by row. */
export function isStream({ rows, columns, b, depth }: Plan): boolean {
  return rows <= MOST_ROWS && columns >= LEAST_COLUMNS && b.source === "lanes" && depth.segments.length === 0;
}

/**
 * A product with very few rows: each row of B is read once, from its beginning to its end, as memory is quickest, and added to the sums
 * of all rows. The rows of A are copied to contiguous ones once per worker.
 */
export function renderStreams(kernel: ContractionKernel, plan: Plan, options: AssemblerOptions): RenderedKernel {
  const { batches, columns, b, depth } = plan;
  const { rows, rowChunks, width, columnChunks } = unitsOf(plan);
  const deep = sizeOf([depth.run]);
  const support: Support = new Map();
  const memoryPlan = new MemoryPlan();
  const copyAt = memoryPlan.take(rows * deep);
  const sumsAt = memoryPlan.take(rows * width);
  const store = storeFunction(kernel, options, support, undefined);
  const stream = streamFunction(support, { rows, width }, options.fusedMultiplyAdd);

  const routine = new Routine(2, options);
  const [worker] = routine.arguments as [Code];
  const scratch = routine.pointers.memory("scratch");
  const [copy, sums] = [plus(scratch, copyAt), plus(scratch, sumsAt)];
  const total = batches * rowChunks * columnChunks;
  const [unit, to, copied] = [routine.integer(), routine.integer(), routine.integer()];
  const work: Code[] = [];
  const hold = (value: Code) => routine.hold(value, work);
  const n0 = hold(times(remainder(local.get(unit), columnChunks), width));
  const end = hold(least(plus(n0, width), i32(columns)));
  const slice = hold(quotient(local.get(unit), columnChunks));
  const first = hold(times(remainder(slice, rowChunks), rows));
  const batch = hold(quotient(slice, rowChunks));
  routine.at(batch, kernel.batch, work, (inBatch) => {
    const lines = { access: plan.a.access, loops: kernel.rows, run: depth.run, first, count: rows };
    const vectors = quotient(plus(ins("i32.sub", end, n0), LANES - 1), LANES);
    const start = add(routine.offset(b.linear, kernel.batch, routine.pointers.base(b.access)), times(n0, FLOAT));
    const strideB = i32(strideOf(b.linear, depth.run) * FLOAT);
    const h = rowChunks === 1 ? i32(rows) : least(i32(rows), ins("i32.sub", i32(plan.rows), first));
    inBatch.push(
      when(ins("i32.ne", slice, local.get(copied)), [local.set(copied, slice), copyLines(routine, lines, copy, deep)]),
      zero(sums, i32(rows * width * FLOAT)),
      call(stream, copy, i32(deep), start, strideB, sums, vectors),
      routine.call(store, sums, batch, first, h, n0, end, i32(width * FLOAT)),
    );
  });
  routine.builder.body.push(
    local.set(copied, i32(-1)),
    local.set(to, routine.assembler.shareOf(total, plus(worker, 1))),
    count(routine.builder, routine.assembler.shareOf(total, worker), local.get(to), 1, (turn) => [
      local.set(unit, local.get(turn)),
      work,
    ]),
  );
  return {
    phases: [{ function: routine.builder, actual: routine.pointers.actual }],
    support,
    scratchBytes: memoryPlan.bytes,
    sharedBytes: 0,
  };
}

interface Units {
  readonly rows: number;
  readonly rowChunks: number;
  /** Columns. */
  readonly width: number;
  readonly columnChunks: number;
}

function unitsOf({ batches, rows, columns }: Plan): Units {
  const rowChunks = Math.ceil(rows / UNIT_ROWS);
  const own = Math.ceil(rows / rowChunks);
  let width: number = own <= 8 ? UNIT_COLUMNS.most : UNIT_COLUMNS.most / 2;
  const units = () => batches * rowChunks * Math.ceil(columns / width);
  while (width > UNIT_COLUMNS.least && units() < UNITS) width /= 2;
  return { rows: own, rowChunks, width, columnChunks: Math.ceil(columns / width) };
}

/**
 * sums[r][j] += a[r][k] * b[k][j] over the depth, for `vectors` vectors of columns; rows of `a` are `depth` floats apart, those of the
 * sums `width`. Parameters: a, depth, b, strideB (bytes), sums, vectors.
 */
function streamFunction(support: Support, shape: Pick<Units, "rows" | "width">, fused: boolean): string {
  const name = `stream_${shape.rows}x${shape.width}`;
  if (!support.has(name)) support.set(name, makeStream(shape, fused));
  return name;
}

function makeStream({ rows, width }: Pick<Units, "rows" | "width">, fused: boolean): WasmFunction {
  const builder = new FunctionBuilder();
  const { a, depth, b, strideB, sums, vectors } = parameters(builder, "a", "depth", "b", "strideB", "sums", "vectors");
  // Rows in groups whose elements of A, for some steps of the depth, stay in registers.
  const most = rows <= 2 ? 4 : 2;
  const groupRows = Math.ceil(rows / Math.ceil(rows / 4));
  const groups = range(Math.ceil(rows / groupRows)).map((g) =>
    range(Math.min(groupRows, rows - g * groupRows)).map((r) => g * groupRows + r),
  );
  const elements = range(groupRows * most).map(() => builder.local("v128"));
  const sum = builder.local("v128");
  const pointers = range(most).map(() => builder.local("i32"));
  const [to, left, line] = [builder.local("i32"), builder.local("i32"), builder.local("i32")];
  const vectorsOfB = range(most).map(() => builder.local("v128"));

  /** Some steps of the depth for a group of rows. */
  const group = (members: readonly number[], steps: number): Code => {
    const one = (vector: number): Code => [
      range(steps).map((k) => local.set(vectorsOfB[k]!, memory("v128.load", local.get(pointers[k]!), vector * VECTOR))),
      members.map((r, i) => {
        const at = r * width * FLOAT + vector * VECTOR;
        return [
          local.set(sum, memory("v128.load", local.get(to), at)),
          range(steps).map((k) => {
            const [x, y, z] = [local.get(elements[i * most + k]!), local.get(vectorsOfB[k]!), local.get(sum)];
            return local.set(sum, multiplyAdd(fused, x, y, z));
          }),
          memory("v128.store", local.get(to), at, local.get(sum)),
        ];
      }),
    ];
    return [
      members.map((_, i) => [
        range(steps).map((k) =>
          local.set(elements[i * most + k]!, memory("v128.load32_splat", local.get(line), k * FLOAT)),
        ),
        local.set(line, add(local.get(line), times(local.get(depth), FLOAT))),
      ]),
      range(steps).map((k) =>
        local.set(pointers[k]!, k === 0 ? local.get(b) : add(local.get(pointers[k - 1]!), local.get(strideB))),
      ),
      local.set(to, local.get(sums)),
      local.set(left, local.get(vectors)),
      block(
        repeatWhile(
          [
            one(0),
            leave(1, ins("i32.eq", local.get(left), i32(1))),
            one(1),
            pointers.slice(0, steps).map((each) => local.set(each, plus(local.get(each), 2 * VECTOR))),
            local.set(to, plus(local.get(to), 2 * VECTOR)),
            local.set(left, plus(local.get(left), -2)),
          ],
          local.get(left),
        ),
      ),
    ];
  };
  const turn = (steps: number): Code => [
    local.set(line, local.get(a)),
    groups.map((members) => group(members, steps)),
    local.set(b, add(local.get(b), times(local.get(strideB), steps))),
    local.set(a, plus(local.get(a), steps * FLOAT)),
  ];
  builder.body.push(
    count(builder, i32(0), ins("i32.and", local.get(depth), i32(-most)), most, () => turn(most)),
    count(builder, i32(0), ins("i32.and", local.get(depth), i32(most - 1)), 1, () => turn(1)),
  );
  return builder;
}
