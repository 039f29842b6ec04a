import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { RuntimeOptions } from "../../src/engines/wasm/runtime/index.ts";
import { ADD, COUNT, kernels, LARGE, MEDIUM, SMALL, TRAP, WORK } from "./programs.ts";
import { bind, int32, open } from "./support.ts";

/** Ways to run where threads can't share memory. */
const MODES: [name: string, options: RuntimeOptions][] = [
  ["one worker, with memory of its own", { mode: "remote" }],
  ["the calling thread", { mode: "inline" }],
  ["the calling thread, without shared memory", { mode: "inline", sharedMemory: false }],
];

describe.each(MODES)("on %s", (_, options) => {
  test("state stays in the caller's arrays, from run to run and whoever writes to it", async () => {
    const runtime = await open(options);
    const [counts, workers] = [int32(runtime, 16), int32(runtime, 1)];
    const run = await bind(runtime, COUNT, [counts, workers]);
    for (let i = 0; i < 10; i++) await run();
    expect([counts[0], workers[0]]).toEqual([10, 1]);
    counts[0] = 100;
    await run();
    expect(counts[0]).toBe(101);
  });

  test("inputs are read, outputs are written, and nothing else", async () => {
    const runtime = await open(options);
    const [x, sum] = [int32(runtime, 64).fill(3), int32(runtime, 64)];
    const rendered = ADD(runtime.features.sharedMemory);
    const program = await runtime.load(rendered, kernels(["input", "state"], LARGE));
    const run = program.bind({ inputs: [x], state: [sum], outputs: [] });
    await run();
    x.fill(4);
    await run();
    expect([...sum]).toEqual(Array.from({ length: 64 }, () => 7));
    expect([...x]).toEqual(Array.from({ length: 64 }, () => 4));
    const other = await runtime.load(COUNT(runtime.features.sharedMemory), kernels(["state", "output"], LARGE));
    const workers = int32(runtime, 1);
    await other.bind({ inputs: [], state: [sum], outputs: [workers] })();
    expect([sum[0], sum[1], workers[0]]).toEqual([8, 7, 1]);
  });

  test("small programs run at once, large ones in their turn, on the same arrays", async () => {
    const runtime = await open(options);
    const [counts, workers] = [int32(runtime, 16), int32(runtime, 1)];
    const [small, medium, large] = await Promise.all(
      [SMALL, MEDIUM, LARGE].map((work) => bind(runtime, COUNT, [counts, workers], work)),
    );
    expect([small!(), medium!(), counts[0]]).toEqual([undefined, undefined, 2]);
    const runs = [large!(), small!(), large!(), medium!()];
    expect(runs.every((run) => run instanceof Promise)).toBe(true);
    expect(counts[0]).toBe(2);
    await Promise.all(runs);
    expect(counts[0]).toBe(6);
    expect(small!()).toBeUndefined();
  });

  test("bindings of many programs have memory of their own", async () => {
    const runtime = await open(options);
    const x = int32(runtime, 64).fill(1);
    const sums = Array.from({ length: 20 }, () => int32(runtime, 64));
    const runs = await Promise.all(sums.map((sum, i) => bind(runtime, ADD, [x, sum], i % 2 ? SMALL : LARGE)));
    for (let round = 0; round < 3; round++) for (const run of runs) await run();
    for (const sum of sums) expect([...sum]).toEqual(Array.from({ length: 64 }, () => 3));
  });

  test("arrays may be of many megabytes", async () => {
    const runtime = await open(options);
    const first = int32(runtime, 5_000_000);
    first[4_999_999] = 5;
    const run = await bind(runtime, ADD, [int32(runtime, 64).fill(1), first]);
    const second = int32(runtime, 5_000_000);
    await run();
    expect([first[0], first[63], first[64], first[4_999_999], second[0]]).toEqual([1, 1, 0, 5, 0]);
  });

  test("the event loop gets turns between runs", async () => {
    const runtime = await open(options);
    const [times, done] = [int32(runtime, 1), int32(runtime, 1)];
    times[0] = 100;
    const run = await bind(runtime, WORK, [times, done]);
    let [turns, running] = [0, true];
    const count = (async () => {
      for (; running; turns++) await turn();
    })();
    for (let i = 0; i < 20; i++) await run();
    running = false;
    await count;
    expect(done[0]).toBe(1);
    expect(turns).toBeGreaterThanOrEqual(20);
  });

  test("a program that fails rejects its run, and later ones run", async () => {
    const runtime = await open(options);
    const [who, counts, workers] = [int32(runtime, 1), int32(runtime, 16), int32(runtime, 1)];
    const [trap, count] = [await bind(runtime, TRAP, [who]), await bind(runtime, COUNT, [counts, workers])];
    const runs = [trap(), count()];
    await expect(runs[0]).rejects.toThrow("unreachable");
    await runs[1];
    await count();
    expect(counts[0]).toBe(2);
  });
});

describe("in one worker", () => {
  test("the event loop is free during a run", async () => {
    const runtime = await open({ mode: "remote" });
    const [times, done] = [int32(runtime, 1), int32(runtime, 1)];
    times[0] = 50_000;
    const run = await bind(runtime, WORK, [times, done]);
    let turns = 0;
    const running = run()?.then(() => "ended");
    while ((await Promise.race([running, turn("not yet")])) === "not yet") turns++;
    expect(done[0]).toBe(1);
    expect(turns).toBeGreaterThan(20);
  });

  test("a worker that is lost fails its run, and the next run has a new one that knows the program", async () => {
    const runtime = await open({ mode: "remote" });
    const [times, done] = [int32(runtime, 1), int32(runtime, 1)];
    times[0] = 1_000_000;
    const run = await bind(runtime, WORK, [times, done]);
    const running = run();
    runtime.close();
    await expect(running).rejects.toThrow(/^A WebAssembly worker was lost \(it was closed\) while it ran a program\./);
    times[0] = 1;
    await run();
    expect(done[0]).toBe(1);
  });

  test("an array that was transferred elsewhere is an error", async () => {
    const runtime = await open({ mode: "remote" });
    const [counts, workers] = [int32(runtime, 16), int32(runtime, 1)];
    const run = await bind(runtime, COUNT, [counts, workers]);
    structuredClone(counts, { transfer: [counts.buffer as ArrayBuffer] });
    await expect(run()).rejects.toThrow(
      "an array of a compiled program was transferred elsewhere. Fix: transfer a copy of it.",
    );
  });

  test("programs of more than 4 GB are refused, in words", async () => {
    const runtime = await open({ mode: "remote" });
    const program = kernels([], LARGE);
    const large = { ...program, program: { ...program.program, arenaBytes: 5 * 2 ** 30 } };
    await expect(runtime.load(COUNT(false), large)).rejects.toThrow(
      /^the memory of a program's intermediates takes 5\.00 GB, more than the 4\.00 GB .* Fix: use smaller batches/,
    );
  });
});
