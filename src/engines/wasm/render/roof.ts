import type { KernelProgram } from "../../../passes/index.ts";
import {
  type Code,
  encodeModule,
  FunctionBuilder,
  f32,
  i32,
  ins,
  local,
  memory,
  repeatWhile,
  when,
} from "../encode/index.ts";
import type { ModuleOptions, RenderedModule } from "./program.ts";

/** Chains of multiply-adds: enough to hide their latency, few enough for 16 registers. */
const CHAINS = 12;
/** Multiply-adds of a chain in one step. */
const UNROLL = 4;

/** A program of one input (int32: steps, passes, vectors of a worker's part) over so many bytes of arena, for one thread or for all. */
export function roofProgram(bytes: number, threads: number): KernelProgram {
  return {
    name: "roof",
    buffers: [
      { dtype: "int32", length: 4, place: { kind: "input", index: 0 } },
      { dtype: "float32", length: bytes / 4, place: { kind: "arena", offset: 0 } },
    ],
    steps: [],
    arenaBytes: bytes,
    liveBytes: bytes,
    // What decides between the calling thread and all others.
    work: threads === 1 ? 1 : 1e9,
  };
}

/** A module that does multiply-adds out of registers, then copies memory; and the operations of one step of the former. */
export function roofModule({ shared, fusedMultiplyAdd }: ModuleOptions): {
  readonly module: RenderedModule;
  readonly operations: number;
} {
  const builder = new FunctionBuilder();
  const table = local.get(builder.parameter("i32"));
  const worker = local.get(builder.parameter("i32"));
  builder.parameter("i32");
  builder.parameter("i32");
  const given = builder.hold("i32", memory("i32.load", table, 0));
  const left = builder.local("i32");
  const countDown = local.tee(left, ins("i32.sub", local.get(left), i32(1)));

  const splat = (value: number): Code => ins("f32x4.splat", f32(value));
  const factor = builder.hold("v128", splat(0.999999));
  const term = builder.hold("v128", splat(1e-6));
  const chains = Array.from({ length: CHAINS }, () => builder.local("v128"));
  builder.body.push(chains.map((chain, i) => local.set(chain, splat(1 + i))));
  const step = chains.map((chain) => {
    const value = local.get(chain);
    const next = fusedMultiplyAdd
      ? ins("f32x4.relaxed_madd", value, factor, term)
      : ins("f32x4.add", ins("f32x4.mul", value, factor), term);
    return local.set(chain, next);
  });
  const steps = builder.hold("i32", memory("i32.load", given, 0));
  builder.body.push(when(steps, [local.set(left, steps), repeatWhile(Array<Code>(UNROLL).fill(step), countDown)]));

  const vectors = builder.hold("i32", memory("i32.load", given, 8));
  const half = builder.hold("i32", ins("i32.shl", vectors, i32(4)));
  const start = ins("i32.mul", worker, ins("i32.shl", half, i32(1)));
  const from = builder.hold("i32", ins("i32.add", memory("i32.load", table, 4), start));
  const at = builder.local("i32");
  const end = builder.hold("i32", ins("i32.add", from, half));
  const copy = [
    memory(
      "v128.store",
      ins("i32.add", local.get(at), half),
      0,
      ins("f32x4.mul", memory("v128.load", local.get(at), 0), factor),
    ),
    local.set(at, ins("i32.add", local.get(at), i32(16))),
  ];
  const pass = [local.set(at, from), repeatWhile(copy, ins("i32.lt_u", local.get(at), end))];
  const passes = builder.hold("i32", memory("i32.load", given, 4));
  builder.body.push(when(passes, [local.set(left, passes), repeatWhile(pass, countDown)]));

  // The sum of the chains is stored, so that they are computed.
  const sum = chains.map((chain) => local.get(chain)).reduce((a, b) => ins("f32x4.add", a, b));
  builder.body.push(memory("v128.store", from, 0, sum));
  const bytes = encodeModule(new Map([["run", builder]]), ["run"], { module: "env", name: "memory", shared });
  const module = { bytes, functions: 1, scratchBytes: 0, sharedBytes: 0, slots: [] };
  return { module, operations: 2 * 4 * CHAINS * UNROLL };
}
