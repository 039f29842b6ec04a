import { setImmediate as turn } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { describe, expect, onTestFinished, test } from "vitest";
import { ArrayMemory } from "../../src/engines/wasm/runtime/memory.ts";
import { Pool } from "../../src/engines/wasm/runtime/pool.ts";
import { DescentError } from "../../src/util/index.ts";
import { ADD, COUNT, LARGE, MEDIUM, SMALL, STEPS, TRAP, WORK } from "./programs.ts";
import { bind, int32, open } from "./support.ts";

describe.each([1, 2, 4, 8])("on %i threads", (threads) => {
  // More threads than cores take turns.
  const runs = threads > 2 ? 300 : 2000;

  test("every worker takes part once in each run", async () => {
    const runtime = await open({ threads });
    const [counts, workers] = [int32(runtime, 16 * 8), int32(runtime, 1)];
    const run = await bind(runtime, COUNT, [counts, workers]);
    for (let i = 0; i < runs; i++) await run();
    const each = Array.from({ length: 8 }, (_, worker) => counts[16 * worker]);
    expect(each).toEqual(Array.from({ length: 8 }, (_, worker) => (worker < threads ? runs : 0)));
    expect(workers[0]).toBe(threads);
  });

  test("barriers hold everyone back, for thousands of steps and of runs", async () => {
    const runtime = await open({ threads });
    const [cells, steps, errors] = [2 * 16 * threads, 1, 16 * threads].map((length) => int32(runtime, length));
    const run = await bind(runtime, STEPS, [cells!, steps!, errors!]);
    for (const [length, times] of [
      [runs, 2],
      [3, runs],
    ] as const) {
      steps![0] = length;
      for (let i = 0; i < times; i++) await run();
      const last = (length & 1) * 16 * threads;
      const reached = Array.from({ length: threads }, (_, worker) => cells![last + 16 * worker]);
      expect(reached).toEqual(Array.from({ length: threads }, () => length));
    }
    expect([...errors!].every((count) => count === 0)).toBe(true);
  });

  test("shares of the work make up the whole", async () => {
    const runtime = await open({ threads });
    const [x, sum] = [int32(runtime, 64), int32(runtime, 64)];
    x.forEach((_, i) => {
      x[i] = i;
    });
    const run = await bind(runtime, ADD, [x, sum]);
    await run();
    x.fill(1);
    await run();
    expect([...sum]).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
  });
});

describe("a run", () => {
  test("of a small program is over when the call returns", async () => {
    const runtime = await open({ threads: 2 });
    const [counts, workers] = [int32(runtime, 32), int32(runtime, 1)];
    const run = await bind(runtime, COUNT, [counts, workers], SMALL);
    expect(run()).toBeUndefined();
    expect([counts[0], counts[16], workers[0]]).toEqual([1, 0, 1]);
  });

  test("of a small program waits its turn while another is under way", async () => {
    const runtime = await open({ threads: 2 });
    const [times, done, counts, workers] = [1, 1, 32, 1].map((length) => int32(runtime, length));
    times![0] = 1000;
    const [work, count] = [
      await bind(runtime, WORK, [times!, done!]),
      await bind(runtime, COUNT, [counts!, workers!], SMALL),
    ];
    const [first, second] = [work(), count()];
    expect(second).toBeInstanceOf(Promise);
    expect(workers![0]).toBe(0);
    await second;
    expect([done![0], workers![0], counts![0]]).toEqual([1, 1, 1]);
    await first;
    expect(count()).toBeUndefined();
  });

  test("of a program of middle size is done at once by one worker, and in its turn by all", async () => {
    const runtime = await open({ threads: 2 });
    const [counts, workers] = [int32(runtime, 32), int32(runtime, 1)];
    const run = await bind(runtime, COUNT, [counts, workers], MEDIUM);
    expect(run()).toBeUndefined();
    const busy = await bind(runtime, COUNT, [int32(runtime, 32), int32(runtime, 1)]);
    void busy();
    await run();
    expect([counts[0], counts[16], workers[0]]).toEqual([2, 1, 2]);
  });

  test("starts after those that were begun before, of any program", async () => {
    const runtime = await open({ threads: 2 });
    const [times, done] = [int32(runtime, 1), int32(runtime, 1)];
    times[0] = 50;
    const x = int32(runtime, 64).fill(1);
    const sums = [int32(runtime, 64), int32(runtime, 64), int32(runtime, 64)];
    const work = await bind(runtime, WORK, [times, done]);
    const chain = await Promise.all(sums.map((to, i) => bind(runtime, ADD, [sums[i - 1] ?? x, to])));
    const order: number[] = [];
    const runs = [work, ...chain].map(async (run, i) => {
      await run();
      order.push(i);
    });
    await Promise.all(runs);
    expect(order).toEqual([0, 1, 2, 3]);
    expect([...sums[2]!]).toEqual(Array.from({ length: 64 }, () => 1));
  });

  test("leaves the event loop free", async () => {
    const runtime = await open({ threads: 2 });
    const [times, done] = [int32(runtime, 1), int32(runtime, 1)];
    times[0] = 20_000;
    const run = await bind(runtime, WORK, [times, done]);
    let turns = 0;
    const running = run()?.then(() => "ended");
    while ((await Promise.race([running, turn("not yet")])) === "not yet") turns++;
    expect(done[0]).toBe(1);
    expect(turns).toBeGreaterThan(20);
  });

  test("needs arrays of the engine's", async () => {
    const runtime = await open({ threads: 1 });
    await expect(bind(runtime, COUNT, [int32(runtime, 16), new Int32Array(1)])).rejects.toThrow(
      "state 1 of a program lies in other memory. Expected an array of its engine's allocate.",
    );
  });
});

describe("a lost worker", () => {
  test("that crashed fails its run, and the next run has new ones", async () => {
    const runtime = await open({ threads: 4 });
    const [who, counts, workers] = [1, 64, 1].map((length) => int32(runtime, length));
    const [trap, count] = [await bind(runtime, TRAP, [who!]), await bind(runtime, COUNT, [counts!, workers!])];
    for (let round = 1; round <= 3; round++) {
      who![0] = round;
      const [failed, next] = [trap(), count()];
      await expect(failed).rejects.toThrow(DescentError);
      await expect(failed).rejects.toThrow(
        /^A WebAssembly worker was lost \(RuntimeError: unreachable\) while it ran a program\. .* Fix: begin again from a checkpoint/,
      );
      await next;
      expect([0, 16, 32, 48].map((i) => counts![i])).toEqual([round, round, round, round]);
    }
  });

  test("that somebody ended fails its run, and the next run has new ones", async () => {
    const started: Worker[] = [];
    const note = (worker: Worker) => started.push(worker);
    process.on("worker", note);
    onTestFinished(() => void process.off("worker", note));
    const runtime = await open({ threads: 2 });
    const [times, done] = [int32(runtime, 1), int32(runtime, 1)];
    times[0] = 1_000_000;
    const run = await bind(runtime, WORK, [times, done]);
    const running = run();
    await turn();
    expect(started.length).toBe(2);
    await started[1]?.terminate();
    await expect(running).rejects.toThrow("was lost (it ended) while");
    times[0] = 10;
    await run();
    expect([done[0], started.length]).toEqual([1, 4]);
    // Also between runs.
    await started[2]?.terminate();
    await run();
    await turn();
    expect(started.length).toBe(6);
  });

  test("that can't be started fails its run", async () => {
    const memory = new ArrayMemory();
    const pool = new Pool(
      () => {
        throw new Error("no more threads");
      },
      memory,
      2,
    );
    const table = memory.allocate("uint32", 4);
    const job = { code: { id: 1, module: new WebAssembly.Module(COUNT(true).bytes) }, table, workers: 2 };
    await expect(pool.run(job)).rejects.toThrow("A WebAssembly worker was lost (no more threads)");
  });

  test("is what a pool has that is closed in a run", async () => {
    const runtime = await open({ threads: 2 });
    const [times, done] = [int32(runtime, 1), int32(runtime, 1)];
    times[0] = 1_000_000;
    const run = await bind(runtime, WORK, [times, done]);
    const running = run();
    runtime.close();
    await expect(running).rejects.toThrow("the pool was closed");
    times[0] = 1;
    await run();
    expect(done[0]).toBe(1);
  });
});

test("the number of programs is not limited by what workers remember", async () => {
  const runtime = await open({ threads: 2 });
  const [counts, workers] = [int32(runtime, 32), int32(runtime, 1)];
  for (let i = 0; i < 200; i++) await (await bind(runtime, COUNT, [counts, workers], LARGE))();
  expect([counts[0], counts[16]]).toEqual([200, 200]);
});
