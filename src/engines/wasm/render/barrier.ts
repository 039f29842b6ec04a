import { block, FunctionBuilder, i32, ins, leave, local, memory, type WasmFunction, when } from "../encode/index.ts";

export const BARRIER = "barrier";

/** Looks before a thread sleeps: about 50 us. */
const SPINS = 20_000;

/** Words of the memory that workers meet in, by their byte offsets. */
const ARRIVED = 0;
const GENERATION = 4;
const SLEEPERS = 8;

/**
 * barrier(sync, workers): returns when all workers have called it. The last one to arrive begins a new generation; the others look for it
 * for a while, then sleep. Nobody is woken up where nobody sleeps.
 */
export function barrierFunction(): WasmFunction {
  const builder = new FunctionBuilder();
  const sync = local.get(builder.parameter("i32"));
  const workers = local.get(builder.parameter("i32"));
  const generation = builder.hold("i32", memory("i32.atomic.load", sync, GENERATION));
  const add = (offset: number, value: number) => memory("i32.atomic.rmw.add", sync, offset, i32(value));
  const drop = 0x1a;
  const changed = ins("i32.ne", memory("i32.atomic.load", sync, GENERATION), generation);
  const last = ins("i32.eq", ins("i32.add", add(ARRIVED, 1), i32(1)), workers);
  const spins = builder.local("i32");
  const open = [
    memory("i32.atomic.store", sync, ARRIVED, i32(0)),
    [add(GENERATION, 1), drop],
    when(memory("i32.atomic.load", sync, SLEEPERS), [
      memory("memory.atomic.notify", sync, GENERATION, i32(0x7fffffff)),
      drop,
    ]),
  ];
  const spin = [
    0x03,
    0x40,
    leave(1, changed),
    local.set(spins, ins("i32.add", local.get(spins), i32(1))),
    [ins("i32.lt_u", local.get(spins), i32(SPINS)), 0x0d, 0],
    0x0b,
  ];
  const sleep = [
    [add(SLEEPERS, 1), drop],
    [
      0x03,
      0x40,
      // For ever: a generation that has changed already does not wait.
      [memory("memory.atomic.wait32", sync, GENERATION, generation, [0x42, 0x7f]), drop],
      [ins("i32.eqz", changed), 0x0d, 0],
      0x0b,
    ],
    [add(SLEEPERS, -1), drop],
  ];
  builder.body.push(when(last, open, block([spin, sleep])));
  return builder;
}
