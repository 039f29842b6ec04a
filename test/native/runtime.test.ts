import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import koffi from "koffi";
import { describe, expect, test } from "vitest";
import { defaultThreads, Lane } from "../../src/engine/index.ts";
import { loadProgram, loadRuntime, NativeProgram, nativeInfo } from "../../src/engines/native/runtime/index.ts";
import { RUNTIME_SOURCE } from "../../src/engines/native/runtime/source.ts";
import { ALONE, COUNT, HELP, STEPS, SUM, WORK } from "./programs.ts";
import { compile, freshFolder, setEnv } from "./support.ts";

const runtime = await loadRuntime();
const THREADS = [1, 2, 4, 8];

const load = async (source: string, threads: number) => loadProgram((await compile(source)).path, { threads });

describe.each(THREADS)("on %i threads", (threads) => {
  test("every worker takes part once in each run", async () => {
    const program = await load(COUNT, threads);
    const [counts, workers] = [runtime.allocate("int32", 16 * 8), runtime.allocate("int32", 1)];
    const bound = program.bind([counts, workers]);
    for (let i = 0; i < 500; i++) bound.runSync();
    for (let i = 0; i < 500; i++) await bound.runAsync();
    const each = Array.from({ length: 8 }, (_, worker) => counts[16 * worker]);
    expect(each).toEqual(Array.from({ length: 8 }, (_, worker) => (worker < threads ? 1000 : 0)));
    expect(workers[0]).toBe(threads);
  });

  test("barriers hold everyone back, for thousands of steps", async () => {
    const program = await load(STEPS, threads);
    const cells = runtime.allocate("int32", 2 * 16 * threads);
    const [steps, errors] = [runtime.allocate("int32", 1), runtime.allocate("int32", 16 * threads)];
    steps[0] = threads > 4 ? 2000 : 5000;
    const bound = program.bind([cells, steps, errors]);
    bound.runSync();
    await bound.runAsync();
    expect([...errors].every((count) => count === 0)).toBe(true);
    const last = (steps[0] & 1) * 16 * threads;
    for (let worker = 0; worker < threads; worker++) expect(cells[last + 16 * worker]).toBe(steps[0]);
  });

  test("workers that help each other do every unit once", async () => {
    const [done, helped] = [runtime.allocate("int32", 6000), runtime.allocate("int32", 1)];
    const bound = (await load(HELP, threads)).bind([done, helped]);
    for (let i = 0; i < 100; i++) bound.runSync();
    const expected = [1, 7, 1000, 1000, 7, 1].flatMap((units) =>
      Array.from({ length: 1000 }, (_, unit) => (unit < units ? 100 : 0)),
    );
    expect([...done]).toEqual(expected);
    expect((helped[0] ?? 0) > 0).toBe(threads > 1);
  });

  test("work that is split in fixed chunks gives the same bits", async () => {
    const [x, partial, sum] = [
      runtime.allocate("float32", 64_000),
      runtime.allocate("float32", 64),
      runtime.allocate("float32", 1),
    ];
    for (let i = 0; i < x.length; i++) x[i] = Math.sin(i);
    const expected = new Float32Array(1);
    for (let chunk = 0; chunk < 64; chunk++) {
      const part = new Float32Array(1);
      for (let i = 0; i < 1000; i++) part[0] = (part[0] ?? 0) + (x[chunk * 1000 + i] ?? 0);
      expected[0] = (expected[0] ?? 0) + (part[0] ?? 0);
    }
    await (await load(SUM, threads)).bind([x, partial, sum]).runAsync();
    expect(sum[0]).toBe(expected[0]);
  });

  test("runs that are begun at the same time take turns", async () => {
    const program = await load(ALONE, threads);
    const bindings = Array.from({ length: 8 }, () => {
      const counts = [runtime.allocate("int32", 1), runtime.allocate("int32", 1)] as const;
      return { counts, bound: program.bind(counts) };
    });
    expect(bindings[0]?.bound.busy).toBe(false);
    const runs = Array.from({ length: 400 }, (_, i) => bindings[i % 8]?.bound.runAsync());
    expect(bindings[0]?.bound.busy).toBe(true);
    await Promise.all(runs);
    expect(bindings[0]?.bound.busy).toBe(false);
    expect(bindings.map(({ counts }) => counts.map(([count]) => count))).toEqual(Array(8).fill([50, 0]));
  });
});

test("the pool itself serves one caller at a time, whichever thread it comes from", async () => {
  const { path } = await compile(ALONE);
  const library = koffi.load(path);
  const [runs, overlaps] = [runtime.allocate("int32", 1), runtime.allocate("int32", 1)];
  const entry = BigInt(library.symbol("descent_program"));
  const addresses = [
    entry,
    BigInt(runtime.pool(2).address),
    ...[runs, overlaps].map((a) => BigInt(runtime.address(a))),
  ];
  const record = BigUint64Array.from(addresses);
  // Past the lane of bound programs: four threads of libuv call at once, and this one too.
  const ends = Array.from({ length: 100 }, () => {
    const end = new Promise((resolve) => runtime.call.async(runtime.address(record), resolve));
    runtime.call(runtime.address(record));
    return end;
  });
  expect(await Promise.all(ends)).toEqual(Array(100).fill(null));
  expect([runs[0], overlaps[0]]).toEqual([200, 0]);
});

test("pools can be made and destroyed, as C sees them", async () => {
  const { path } = await compile(RUNTIME_SOURCE, "runtime");
  const library = koffi.load(path);
  const create = library.func("uintptr_t descent_pool_create(int threads)");
  const destroy = library.func("void descent_pool_destroy(uintptr_t pool)");
  const run = library.func("void descent_pool_run_program(uintptr_t pool, void *function, void *buffers)");
  const counter = koffi.load((await compile(COUNT)).path);
  const [counts, workers] = [runtime.allocate("int32", 16 * 8), runtime.allocate("int32", 1)];
  const table = BigUint64Array.from([counts, workers].map((array) => BigInt(runtime.address(array))));
  for (let i = 0; i < 200; i++) {
    const pool = create(1 + (i % 8));
    expect(pool).not.toBe(0);
    if (i % 3 !== 0) run(pool, counter.symbol("descent_program"), table);
    destroy(pool);
  }
  expect(counts[0]).toBe(133);
  expect([0, -1, 1025].map((threads) => create(threads))).toEqual([0, 0, 0]);
});

test("the event loop stays free during a run", async () => {
  const [duration, done] = [runtime.allocate("int32", 1), runtime.allocate("int32", 2)];
  duration[0] = 300;
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await (await load(WORK, 2)).bind([duration, done]).runAsync();
  clearInterval(timer);
  expect(done[0]).toBe(1);
  expect(turns).toBeGreaterThan(5);
});

describe("memory", () => {
  test.each(["float32", "int32", "uint32", "uint8", "bool"] as const)("of %s is aligned and zero", (dtype) => {
    for (const length of [0, 1, 3, 16, 17, 1000, 2 ** 21]) {
      const array = runtime.allocate(dtype, length);
      expect(array).toHaveLength(length);
      if (length > 0) expect(runtime.address(array) % 64).toBe(0);
      expect(array.every((value) => value === 0)).toBe(true);
      expect(array.constructor).toBe(
        { float32: Float32Array, int32: Int32Array, uint32: Uint32Array, uint8: Uint8Array, bool: Uint8Array }[dtype],
      );
    }
  });

  test("that can't be had is an error", () => {
    expect(() => runtime.allocate("float32", 1e14)).toThrow(
      /^an array of 100000000000000 float32 values takes 400000000\.0 MB/,
    );
  });

  test("may be any typed array, also a small one and a part of a larger one", async () => {
    const program = await load(COUNT, 1);
    const whole = new Int32Array(40);
    const workers = new Int32Array(1);
    program.bind([whole.subarray(5, 25), workers]).runSync();
    expect([...whole.entries()].filter(([, value]) => value !== 0)).toEqual([[5, 1]]);
    expect([...workers]).toEqual([1]);
  });

  test("stays alive and in its place as long as the binding", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const bound = await (async () => {
      const inputs = [runtime.allocate("float32", 64_000), runtime.allocate("float32", 64)] as const;
      inputs[0].fill(0.5);
      const sum = runtime.allocate("float32", 1);
      return { binding: (await load(SUM, 2)).bind([...inputs, sum]), sum };
    })();
    for (let i = 0; i < 20; i++) {
      const garbage = Array.from({ length: 50 }, () => new Float32Array(64_000).fill(i));
      collect();
      expect(garbage).toHaveLength(50);
      const run = bound.binding.runAsync();
      collect();
      await run;
      expect(bound.sum[0]).toBe(32_000);
    }
  });

  test("that was transferred elsewhere is not touched", async () => {
    const [counts, workers] = [runtime.allocate("int32", 16), runtime.allocate("int32", 1)];
    const bound = (await load(COUNT, 1)).bind([counts, workers]);
    structuredClone(workers, { transfer: [workers.buffer as ArrayBuffer] });
    expect(() => bound.runSync()).toThrow(
      /^array 1 of a compiled program was transferred elsewhere\. Fix: transfer a copy/,
    );
    expect(() => bound.runAsync()).toThrow(/transferred/);
    expect(counts[0]).toBe(0);
  });
});

describe("what can't be loaded:", () => {
  test("no library", () => {
    const path = join(freshFolder(), "no.so");
    expect(() => new NativeProgram(runtime, path, { threads: 1 })).toThrow(
      /^the compiled library .*no\.so can't be loaded \(.*\)\. Fix: /,
    );
    writeFileSync(path, "not a library");
    expect(() => new NativeProgram(runtime, path, { threads: 1 })).toThrow(/can't be loaded/);
  });

  test("no such function", async () => {
    const { path } = await compile(COUNT);
    expect(() => new NativeProgram(runtime, path, { threads: 1, symbol: "other" })).toThrow(/has no function other\.$/);
  });
});

describe("the number of threads", () => {
  test("is that of the cores, or DESCENT_THREADS", async () => {
    setEnv({ DESCENT_THREADS: undefined });
    expect(await defaultThreads()).toBeGreaterThanOrEqual(1);
    setEnv({ DESCENT_THREADS: "3" });
    expect(await defaultThreads()).toBe(3);
    const { pool } = await loadProgram((await compile(COUNT)).path);
    expect(pool).toBe(runtime.pool(3));
  });

  test.each(["0", "-1", "two", "1.5", "4096", "1e2"])("can't be %s", async (DESCENT_THREADS) => {
    setEnv({ DESCENT_THREADS });
    await expect(defaultThreads()).rejects.toThrow(
      `DESCENT_THREADS is "${DESCENT_THREADS}". Expected a whole number from 1 to 1024.`,
    );
    expect(await nativeInfo()).toMatchObject({ available: false, reason: expect.stringContaining("DESCENT_THREADS") });
  });
});

test("nativeInfo tells what programs run on", async () => {
  const info = await nativeInfo();
  expect(info).toMatchObject({
    available: true,
    threads: await defaultThreads(),
    version: expect.stringMatching(/\d/),
  });
  expect(info.reason).toBeUndefined();
});

test("a lane runs tasks in their order, one at a time", () => {
  const lane = new Lane();
  const [begun, ends] = [[] as number[], [] as (() => void)[]];
  for (let i = 0; i < 3; i++) {
    lane.enter((done) => {
      begun.push(i);
      ends.push(done);
    });
  }
  expect(begun).toEqual([0]);
  ends[0]?.();
  expect([begun, lane.busy]).toEqual([[0, 1], true]);
  ends[1]?.();
  ends[2]?.();
  expect([begun, lane.busy]).toEqual([[0, 1, 2], false]);
});
