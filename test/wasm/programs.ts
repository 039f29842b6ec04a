import {
  block,
  type Code,
  call,
  encodeModule,
  FunctionBuilder,
  i32,
  ins,
  leave,
  local,
  memory,
  repeatWhile,
  type WasmFunction,
  when,
} from "../../src/engines/wasm/encode/index.ts";
import { BARRIER, barrierFunction } from "../../src/engines/wasm/render/barrier.ts";
import type { RenderedModule } from "../../src/engines/wasm/render/program.ts";
import type { DType } from "../../src/ir/index.ts";
import type { CompiledKernels, KernelBuffer } from "../../src/passes/index.ts";

/** Modules, written by hand, that the tests of the runtime run. */

/** What code is written with: addresses of buffers, by their number, and who is running it. */
interface Scope {
  readonly buffer: (number: number) => Code;
  readonly worker: Code;
  readonly workers: Code;
  readonly barrier: Code;
  readonly builder: FunctionBuilder;
}

/** A module over int32 arrays, one byte address per buffer. */
export type Source = (shared: boolean) => RenderedModule;

function module(write: (scope: Scope) => Code): Source {
  return (shared) => {
    const builder = new FunctionBuilder();
    const [table, worker, workers, sync] = [1, 2, 3, 4].map(() => local.get(builder.parameter("i32")));
    const meet = when(ins("i32.gt_u", workers!, i32(1)), call(BARRIER, sync!, workers!));
    builder.body.push(
      write({
        buffer: (number) => memory("i32.load", table!, number * 4),
        worker: worker!,
        workers: workers!,
        barrier: shared ? meet : [],
        builder,
      }),
    );
    const functions = new Map<string, WasmFunction>([["run", builder]]);
    if (shared) functions.set(BARRIER, barrierFunction());
    const bytes = encodeModule(functions, ["run"], { module: "env", name: "memory", shared });
    return { bytes, functions: 1, scratchBytes: 64, sharedBytes: 64, slots: [] };
  };
}

/** Address of a worker's own place: 16 words from that of the one before. */
const own = (start: Code, worker: Code): Code => ins("i32.add", start, ins("i32.mul", worker, i32(64)));
const increase = (address: Code, by: Code = i32(1)): Code =>
  memory("i32.store", address, 0, ins("i32.add", memory("i32.load", address, 0), by));

/** [0]: one count per worker, 16 apart; [1] receives the number of workers. */
export const COUNT = module(({ buffer, worker, workers }) => [
  increase(own(buffer(0), worker)),
  when(ins("i32.eqz", worker), memory("i32.store", buffer(1), 0, workers)),
]);

/**
 * Many short steps with a barrier after each, where every worker reads what all the others wrote in the step before.
 * [0]: two rows of cells, one cell per worker, 16 apart; [1] number of steps; [2] one count of errors per worker, 16 apart.
 */
export const STEPS = module(({ buffer, worker, workers, barrier, builder }) => {
  const [step, other] = [builder.local("i32"), builder.local("i32")];
  const row = (number: Code): Code =>
    ins("i32.add", buffer(0), ins("i32.mul", ins("i32.and", number, i32(1)), ins("i32.mul", workers, i32(64))));
  const before = ins("i32.sub", local.get(step), i32(1));
  const wrong = ins("i32.ne", memory("i32.load", own(row(before), local.get(other)), 0), before);
  return [
    memory("i32.store", own(row(i32(0)), worker), 0, i32(0)),
    barrier,
    local.set(step, i32(1)),
    repeatWhile(
      [
        local.set(other, i32(0)),
        repeatWhile(
          [increase(own(buffer(2), worker), wrong), local.set(other, ins("i32.add", local.get(other), i32(1)))],
          ins("i32.lt_u", local.get(other), workers),
        ),
        memory("i32.store", own(row(local.get(step)), worker), 0, local.get(step)),
        barrier,
        local.set(step, ins("i32.add", local.get(step), i32(1))),
      ],
      ins("i32.le_u", local.get(step), memory("i32.load", buffer(1), 0)),
    ),
  ];
});

/** Counts to a thousand as often as [0] says, with a barrier every time; then [1] becomes 1. */
export const WORK = module(({ buffer, worker, barrier, builder }) => {
  const [times, count] = [builder.local("i32"), builder.local("i32")];
  const down = (variable: typeof times): Code => local.tee(variable, ins("i32.sub", local.get(variable), i32(1)));
  return [
    local.set(times, memory("i32.load", buffer(0), 0)),
    repeatWhile([local.set(count, i32(1000)), repeatWhile([], down(count)), barrier], down(times)),
    when(ins("i32.eqz", worker), memory("i32.store", buffer(1), 0, i32(1))),
  ];
});

/** Ends with an error in the worker whose number is [0], while the others wait for it. */
export const TRAP = module(({ buffer, worker, barrier }) => [
  when(ins("i32.eq", worker, memory("i32.load", buffer(0), 0)), 0x00),
  barrier,
]);

/** [1][i] += [0][i] for 64 elements, a share of them by each worker. */
export const ADD = module(({ buffer, worker, workers, builder }) => {
  const i = builder.local("i32");
  const at = (number: number): Code => ins("i32.add", buffer(number), ins("i32.mul", local.get(i), i32(4)));
  return [
    local.set(i, worker),
    block(
      repeatWhile(
        [
          leave(1, ins("i32.ge_u", local.get(i), i32(64))),
          increase(at(1), memory("i32.load", at(0), 0)),
          local.set(i, ins("i32.add", local.get(i), workers)),
        ],
        i32(1),
      ),
    ),
  ];
});

/** Elementary operations of programs: run at once; at once, or by all workers; by all workers. */
export const [SMALL, MEDIUM, LARGE] = [1000, 500_000, 1e9];

/** What the passes would have told of a program over such arrays. */
export function kernels(
  buffers: readonly (KernelBuffer["place"]["kind"] & ("input" | "state" | "output"))[],
  work: number,
) {
  const counts = { input: 0, state: 0, output: 0 };
  const dtype: DType = "int32";
  const program: CompiledKernels["program"] = {
    name: "by hand",
    buffers: buffers.map((kind) => ({ dtype, length: 1, place: { kind, index: counts[kind]++ } })),
    steps: [],
    arenaBytes: 0,
    liveBytes: 0,
    work,
  };
  return { program, data: [] } satisfies CompiledKernels;
}
