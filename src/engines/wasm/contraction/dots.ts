import { type PlainPlan, sizeOf } from "../../../codegen/index.ts";
import type { ContractionKernel } from "../../../passes/index.ts";
import {
  block,
  type Code,
  call,
  FunctionBuilder,
  i32,
  ins,
  type LocalReference,
  laneMemory,
  leave,
  local,
  memory,
  repeatWhile,
  shuffle32,
  v128,
  type WasmFunction,
  when,
} from "../encode/index.ts";
import type { AssemblerOptions } from "../render/assembler.ts";
import type { RenderedKernel } from "../render/kernel.ts";
import {
  add,
  count,
  least,
  multiply,
  multiplyAdd,
  parameters,
  plus,
  quotient,
  range,
  remainder,
  times,
} from "./arithmetic.ts";
import { storeFunction } from "./epilogue.ts";
import { FLOAT, LANES, loadLanes, VECTOR } from "./lanes.ts";
import { copyLines } from "./lines.ts";
import { MemoryPlan } from "./memory-plan.ts";
import { Routine, type Support } from "./routine.ts";

/** Steps of four elements per turn of the loop. */
const STEPS = 4;
/** Rows of the long side between two calls of the epilogue. */
const TILE = 16;

/** Rows of the long side whose dot products with all of the narrow side are computed together: as many as the registers hold. */
const togetherWith = (few: number): number => (few <= 2 ? 4 : 2);

/**
 * A product with very few rows or columns, as dot products along the depth: the long side is read as it lies, the narrow side is copied
 * to contiguous rows once per worker.
 */
export function renderDots(kernel: ContractionKernel, plan: PlainPlan, options: AssemblerOptions): RenderedKernel {
  const { along, batches, depth, chunk } = plan;
  const byRows = along === "rows";
  const [long, narrow] = byRows ? [plan.a, plan.b] : [plan.b, plan.a];
  const [longLoops, narrowLoops] = byRows ? [kernel.rows, kernel.columns] : [kernel.columns, kernel.rows];
  const [length, few] = byRows ? [plan.rows, plan.columns] : [plan.columns, plan.rows];
  const deep = sizeOf([depth.run]);
  const padded = Math.ceil(deep / LANES) * LANES;
  const together = togetherWith(few);
  const support: Support = new Map();
  const memoryPlan = new MemoryPlan();
  const copyAt = memoryPlan.take(few * padded);
  // Sums: of a tile's rows by the narrow columns in a vector each, or of the narrow rows by a tile's columns.
  const tileAt = memoryPlan.take(TILE * LANES);
  const store = storeFunction(kernel, options, support, undefined);
  const dots = dotsFunction(support, { together, few, rest: deep % LANES }, options.fusedMultiplyAdd);

  const routine = new Routine(2, options);
  const [worker] = routine.arguments as [Code];
  const scratch = routine.pointers.memory("scratch");
  const [copy, tile] = [plus(scratch, copyAt), plus(scratch, tileAt)];
  const chunks = Math.ceil(length / chunk);
  const total = batches * chunks;
  const copied = routine.integer();
  const [strideLong, strideNarrow] = byRows ? [LANES * FLOAT, FLOAT] : [FLOAT, TILE * FLOAT];

  const work: Code[] = [];
  const [unit, to] = [routine.integer(), routine.integer()];
  const batch = routine.hold(quotient(local.get(unit), chunks), work);
  const start = routine.hold(multiply(remainder(local.get(unit), chunks), i32(chunk)), work);
  const limit = routine.hold(least(plus(start, chunk), i32(length)), work);
  routine.at(batch, kernel.batch, work, (inBatch) => {
    const narrowLines = { access: narrow.access, loops: narrowLoops, run: depth.run, first: i32(0), count: few };
    const lines = copyLines(routine, narrowLines, copy, padded);
    inBatch.push(
      when(ins("i32.ne", batch, local.get(copied)), [local.set(copied, batch), lines]),
      count(routine.builder, start, limit, TILE, (from) => {
        const first = local.get(from);
        const inner: Code[] = [];
        const last = routine.hold(plus(least(plus(first, TILE), limit), -1), inner);
        inner.push(
          count(routine.builder, first, plus(last, 1), together, (r) => {
            const code: Code[] = [];
            const rows = range(together).map((i) => {
              const address = routine.integer();
              routine.at(least(plus(local.get(r), i), last), longLoops, code, (atRow) =>
                atRow.push(
                  local.set(
                    address,
                    routine.offset(long.linear, [...kernel.batch, ...longLoops], routine.pointers.base(long.access)),
                  ),
                ),
              );
              return local.get(address);
            });
            const place = add(tile, times(ins("i32.sub", local.get(r), first), strideLong));
            return [
              code,
              call(dots, ...rows, copy, i32(padded * FLOAT), i32(deep), place, i32(strideLong), i32(strideNarrow)),
            ];
          }),
        );
        const n = ins("i32.sub", plus(last, 1), first);
        inner.push(
          byRows
            ? routine.call(store, tile, batch, first, n, i32(0), i32(few), i32(LANES * FLOAT))
            : routine.call(store, tile, batch, i32(0), i32(few), first, plus(last, 1), i32(TILE * FLOAT)),
        );
        return inner;
      }),
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

interface Shape {
  readonly together: number;
  readonly few: number;
  /** Elements of the depth after whole vectors. */
  readonly rest: number;
}

/**
 * Dot products of `together` rows with `few` contiguous ones. Parameters: the rows' addresses, the narrow rows, bytes from one to the
 * next, depth, where the sums go, and bytes from the sum of a row to that of the next row, and of the next narrow row.
 */
function dotsFunction(support: Support, { together, few, rest }: Shape, fused: boolean): string {
  const name = `dots_${together}x${few}_${rest}`;
  if (!support.has(name)) support.set(name, makeDots({ together, few, rest }, fused));
  return name;
}

function makeDots({ together, few, rest }: Shape, fused: boolean): WasmFunction {
  const builder = new FunctionBuilder();
  const rows = range(together).map(() => builder.parameter("i32"));
  const { narrow, stride, depth, to, strideLong, strideNarrow } = parameters(
    builder,
    "narrow",
    "stride",
    "depth",
    "to",
    "strideLong",
    "strideNarrow",
  );
  const sums = range(together * few).map(() => builder.local("v128"));
  const lines = range(few).map(() => builder.local("i32"));
  const ofNarrow = range(few).map(() => builder.local("v128"));
  const ofLong = builder.local("v128");
  const left = builder.local("i32");
  const accumulate = (i: number, j: number): Code => {
    const sum = sums[i * few + j]!;
    const [x, y, z] = [local.get(ofLong), local.get(ofNarrow[j]!), local.get(sum)];
    return local.set(sum, multiplyAdd(fused, x, y, z));
  };
  const step = (offset: number, load: (address: Code, at: number) => Code): Code => [
    ofNarrow.map((vector, j) => local.set(vector, memory("v128.load", local.get(lines[j]!), offset))),
    rows.map((row, i) => [local.set(ofLong, load(local.get(row), offset)), range(few).map((j) => accumulate(i, j))]),
  ];
  const whole = (address: Code, at: number): Code => memory("v128.load", address, at);
  const advance = (bytes: Code): Code =>
    [...rows, ...lines].map((address) => local.set(address, add(local.get(address), bytes)));
  // A test after every step keeps V8 from loading for all of them at once.
  const turns = block(
    repeatWhile(
      [
        range(STEPS).map((number) => [
          leave(1, ins("i32.le_s", local.get(left), i32(number * LANES))),
          step(number * VECTOR, whole),
        ]),
        advance(i32(STEPS * VECTOR)),
        local.set(left, plus(local.get(left), -STEPS * LANES)),
      ],
      ins("i32.gt_s", local.get(left), i32(0)),
    ),
  );
  const total = (sum: LocalReference): Code => {
    const half = ins("f32x4.add", local.get(sum), shuffle32(local.get(sum), local.get(sum), [2, 3, 0, 1]));
    return [
      local.set(sum, half),
      local.set(sum, ins("f32x4.add", local.get(sum), shuffle32(local.get(sum), local.get(sum), [1, 0, 3, 2]))),
    ];
  };
  const place = builder.local("i32");
  builder.body.push(
    lines.map((line, j) =>
      local.set(line, j === 0 ? local.get(narrow) : add(local.get(lines[j - 1]!), local.get(stride))),
    ),
    sums.map((sum) => local.set(sum, v128(0))),
    local.set(left, ins("i32.and", local.get(depth), i32(-LANES))),
    turns,
    // Steps of a turn that was left early are still ahead.
    rest > 0 ? [advance(times(local.get(left), FLOAT)), step(0, (address, at) => loadLanes(address, at, rest))] : [],
    range(together).map((i) => [
      local.set(place, add(local.get(to), multiply(local.get(strideLong), i32(i)))),
      range(few).map((j) => [
        total(sums[i * few + j]!),
        laneMemory("v128.store32_lane", 0, local.get(place), 0, local.get(sums[i * few + j]!)),
        j < few - 1 ? local.set(place, add(local.get(place), local.get(strideNarrow))) : [],
      ]),
    ]),
  );
  return builder;
}
