import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { layers, sequential } from "../../src/index.ts";
import type { History, Model, Profile } from "../../src/train/index.ts";
import { attribute } from "../../src/train/profile/attribute.ts";
import { ownersOf } from "../../src/train/profile/summarize.ts";
import { compiledEngines } from "../engine/engines.ts";

const event = z.discriminatedUnion("ph", [
  z.strictObject({
    ph: z.literal("X"),
    name: z.string().min(1),
    cat: z.string(),
    ts: z.number().nonnegative(),
    dur: z.number().nonnegative(),
    pid: z.int(),
    tid: z.int(),
    args: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
  z.strictObject({
    ph: z.literal("M"),
    name: z.enum(["process_name", "thread_name", "thread_sort_index"]),
    pid: z.int(),
    tid: z.int(),
    args: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
]);
/** The Trace Event Format, as far as profiles use it. */
const traceFormat = z.strictObject({ traceEvents: z.array(event).min(1), displayTimeUnit: z.literal("ms") });

const folder = mkdtempSync(join(tmpdir(), "descent-profile-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SAMPLES = 200;
const x = { data: Float32Array.from({ length: SAMPLES * 96 }, (_, i) => Math.sin(i)), shape: [SAMPLES, 96] };
const y = { data: Int32Array.from({ length: SAMPLES }, (_, i) => i % 4), shape: [SAMPLES] };

function network(engine: string): Model {
  const net = sequential(
    [
      layers.dense(128, { activation: "relu", inputShape: [96] }),
      layers.dropout(0.2),
      layers.dense(4, { activation: "softmax" }),
    ],
    { seed: 3 },
  );
  const loss = "sparseCategoricalCrossentropy";
  return net.compile({ optimizer: "adam", loss, metrics: ["accuracy"], engine } as Parameters<Model["compile"]>[0]);
}

const fitOptions = { epochs: 3, batchSize: 64, verbose: 0, seed: 5 } as const;

describe.each(await compiledEngines())("a profile on $name", ({ name }) => {
  let history: History;
  let model: Model;
  let profile: Profile;
  const trace = join(folder, `${name}.json`);
  beforeAll(async () => {
    model = network(name);
    history = await model.fit(x, y, { ...fitOptions, profile: { steps: 4, trace } });
    profile = history.profile as Profile;
  });

  it("changes no bit of the results", async () => {
    const plain = network(name);
    const without = await plain.fit(x, y, fitOptions);
    expect(without.profile).toBeUndefined();
    expect(history.history).toEqual(without.history);
    expect(Buffer.from(model.parameters.slice().buffer)).toEqual(Buffer.from(plain.parameters.slice().buffer));
  });

  it("names kernels, their layers and phases", () => {
    const found = profile.kernels.map(({ kernel, owners }) => {
      return `${/^\w+( \d+x\d+x\d+)?/.exec(kernel)?.[0]} ${owners[0]?.layer} ${owners[0]?.phase}`;
    });
    for (const expected of [
      "matmul 64x128x96 dense_1 forward",
      "matmul 96x128x64 dense_1 backward",
      "matmul 64x4x128 dense_2 forward",
      "matmul 128x4x64 dense_2 backward",
    ]) {
      expect(found).toContain(expected);
    }
    const owners = profile.kernels.flatMap((kernel) => kernel.owners.map(({ layer, phase }) => `${layer} ${phase}`));
    for (const expected of ["dropout_1 forward", "loss forward", "metrics forward", "optimizer update"]) {
      expect(owners).toContain(expected);
    }
    const matmul = profile.kernels.find(({ kernel }) => kernel.startsWith("matmul 64x128x96"));
    expect(matmul?.kernel).toContain("relu");
  });

  it("divides the time of a step", () => {
    const { step, kernels, threads, steps, batchSize } = profile;
    expect({ steps, batchSize }).toEqual({ steps: 4, batchSize: 64 });
    const sum = kernels.reduce((total, { ms }) => total + ms, 0);
    expect(Math.min(...kernels.map(({ ms }) => ms))).toBeGreaterThanOrEqual(0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual(threads * step.ms * 1.0001);
    expect(sum).toBeCloseTo(step.kernels, 6);
    const parts = step.kernels + step.between + step.call + step.copy + step.loop;
    expect(parts).toBeCloseTo(step.ms, 3);
    expect(step.busy).toBeGreaterThan(0);
    expect(step.busy).toBeLessThanOrEqual(1.0001);
    expect(profile.machine?.operations).toBeGreaterThan(1e8);
    expect(profile.machine?.bytes).toBeGreaterThan(1e7);
    for (const { gflops, roof } of kernels.filter(({ kernel }) => kernel.startsWith("matmul"))) {
      expect(gflops).toBeGreaterThan(0);
      expect(roof).toBeGreaterThan(0);
    }
    const byLayer = profile.layers.reduce((total, { ms }) => total + ms, 0);
    expect(byLayer).toBeCloseTo(sum, 6);
  });

  it("maps memory without overlaps in space and time", () => {
    const { memory, kernels } = profile;
    const { blocks, arena } = memory;
    expect(blocks.length).toBeGreaterThan(3);
    for (const [i, a] of blocks.entries()) {
      expect(a.offset + a.bytes).toBeLessThanOrEqual(arena);
      expect(a.last).toBeLessThan(kernels.length);
      for (const b of blocks.slice(i + 1)) {
        const together = a.first <= b.last && b.first <= a.last;
        const overlap = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
        expect(together && overlap).toBe(false);
      }
    }
    const weights = 4 * (96 * 128 + 128 + 128 * 4 + 4);
    expect(memory.parameters).toBe(weights);
    expect(memory.slots).toBe(2 * weights);
    expect(memory.activations).toBeLessThanOrEqual(arena);
    expect(memory.least).toBeLessThanOrEqual(memory.total);
  });

  it("writes a trace in the Trace Event Format, a row for the event loop and one for each thread", () => {
    const written = JSON.parse(readFileSync(trace, "utf8"));
    expect(traceFormat.parse(written)).toEqual(profile.trace());
    const slices = profile.trace().traceEvents.flatMap((each) => (each.ph === "X" ? [each] : []));
    expect(new Set(slices.map(({ tid }) => tid)).size).toBeLessThanOrEqual(1 + profile.threads);
    // Kernels of a thread follow each other, within the run that they belong to.
    for (const step of [0, 1, 2, 3]) {
      const own = slices.filter(({ args }) => args["step"] === step);
      const run = own.find(({ name: slice }) => slice === `step ${step}`)!;
      for (let tid = 1; tid <= profile.threads; tid++) {
        let end = run.ts - 50;
        for (const slice of own.filter((each) => each.tid === tid)) {
          expect(slice.ts).toBeGreaterThanOrEqual(end - 1);
          end = slice.ts + slice.dur;
        }
        expect(end).toBeLessThanOrEqual(run.ts + run.dur + 50);
      }
    }
  });

  it("is a table of at most 80 columns, or as wide as is asked for", () => {
    const text = String(profile);
    expect(text).toMatch(/^kernel +layer +ms +share +GFLOP\/s +GB\/s +roof$/m);
    expect(text).toMatch(/^dense_1 /m);
    for (const width of [80, 200]) {
      for (const line of profile.format({ width }).split("\n")) expect(line.length).toBeLessThanOrEqual(width);
    }
    expect(profile.format({ width: 200 })).toMatch(/^matmul 64x128x96 .*relu/m);
    expect(profile.format({ kernels: 2 })).toContain(`... and `);
    expect(JSON.parse(JSON.stringify(profile))).toHaveProperty("kernels.0.owners");
  });
});

describe("what is refused before training", () => {
  const [any] = [network("reference")];
  it.each([
    [{ profile: 3 }, /profile is 3. Expected true or \{ steps, trace \}/],
    [{ profile: { step: 3 } }, /unknown option of profile: "step".*did you mean "steps"/],
    [{ profile: { steps: 0 } }, /steps is 0/],
    [{ profile: { trace: join(folder, "none", "t.json") } }, /there is no folder/],
    [{ profile: { trace: folder } }, /this is a folder/],
    [{ profile: true }, /engine "reference", which keeps no times/],
  ])("%j", async (options, message) => {
    await expect(any.fit(x, y, { ...fitOptions, ...(options as object) })).rejects.toThrow(message);
    expect(any.history).toBeUndefined();
  });
});

describe("time is divided", () => {
  const at = (kernel: number, thread: number, begin: number, end: number) => ({ kernel, thread, begin, end });
  it.each([
    ["among kernels side by side", [at(0, 0, 0, 4), at(1, 1, 0, 4)], [2, 2], 0],
    ["to the one that others wait for", [at(0, 0, 0, 4), at(0, 1, 0, 1)], [4, 0], 0],
    ["with what lies between", [at(0, 0, 0, 1), at(1, 0, 3, 4)], [1, 1], 2],
    ["in proportion to threads", [at(0, 0, 0, 3), at(0, 1, 0, 3), at(1, 2, 0, 3)], [2, 1], 0],
  ] as const)("%s", (_, times, shares, between) => {
    const found = attribute(times, 2);
    expect([...found.kernels]).toEqual([...shares]);
    expect(found.between).toBe(between);
  });
});

describe("scopes as layers and phases", () => {
  it.each([
    [["dense_1/kernel/gradient"], "dense_1 backward"],
    [["block/dense_1", "block/dense_1/gradient"], "block/dense_1 forward, block/dense_1 backward"],
    [["", "loss"], "loss forward"],
    [["gradient"], " backward"],
    [["optimizer"], "optimizer update"],
    [["loss/gradient", "metrics"], "loss backward, metrics forward"],
  ])("%j", (scopes, expected) => {
    const owners = ownersOf(scopes, ["dense_1", "block", "block/dense_1"]);
    expect(owners.map(({ layer, phase }) => `${layer} ${phase}`).join(", ")).toBe(expected);
  });
});
