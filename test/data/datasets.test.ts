import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  type Batch,
  type Dataset,
  type DatasetState,
  type DenseArray,
  fromArrays,
  fromArrow,
  fromGenerator,
} from "../../src/data/index.ts";
import fc from "../tools/properties.ts";
import arrow from "./golden/arrow.json" with { type: "json" };

const scratch = mkdtempSync(join(tmpdir(), "descent-datasets-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function collect(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

/** The numbers of a column, one after the other. */
async function numbers(batches: AsyncIterable<Batch>, name = "x"): Promise<number[]> {
  return (await collect(batches)).flatMap((batch) => [...(batch[name] as DenseArray).data]);
}

const upTo = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i);
const array = (n: number, from = 0) => fromArrays({ x: upTo(n, from), word: upTo(n, from).map((i) => `w${i}`) });
const stream = (n: number, from = 0) =>
  fromGenerator(
    function* counting() {
      for (let i = 0; i < n; i++) yield { x: from + i, word: `w${from + i}` };
    },
    { name: `${n} from ${from}` },
  );

const hundred = join(scratch, "hundred.arrow");
writeFileSync(hundred, Buffer.from(arrow.files.find(({ name }) => name === "hundred.arrow")?.base64 ?? "", "base64"));
const rows = await fromArrow(hundred);
/** Float32, as the other sources here give it, so that they can be put together. */
const file = (n: number) =>
  rows.take(n).mapBatches(({ x, word = [] }) => {
    const { data, shape } = x as DenseArray;
    return { x: { data: Float32Array.from(data), shape }, word };
  });

const thread = { module: new URL("./fixtures/thread.mjs", import.meta.url), name: "noisy" };
let folders = 0;

/** Everything that a dataset can be told, by what it must give from 100 samples: in this order, or in any. */
const stages: [string, (dataset: Dataset) => Dataset, readonly number[], "ordered" | "any order" | "changed"][] = [
  ["itself", (d) => d, upTo(100), "ordered"],
  ["take", (d) => d.take(37), upTo(37), "ordered"],
  ["skip", (d) => d.skip(37), upTo(63, 37), "ordered"],
  ["skip and take", (d) => d.skip(90).take(37), upTo(10, 90), "ordered"],
  ["shard", (d) => d.shard(2, 7), upTo(14).map((i) => 7 * i + 2), "ordered"],
  ["batch", (d) => d.batch(33), upTo(100), "ordered"],
  ["batch, the rest left out", (d) => d.batch(33, { dropRemainder: true }), upTo(99), "ordered"],
  ["batch in batches", (d) => d.batch(7).take(50).batch(16), upTo(50), "ordered"],
  ["filter", (d) => d.filter(({ x }) => (x as number) % 3 === 0), upTo(34).map((i) => 3 * i), "ordered"],
  ["map", (d) => d.map(({ x }) => ({ x: 2 * (x as number) })), upTo(100).map((i) => 2 * i), "ordered"],
  ["repeat", (d) => d.take(10).repeat(3), [...upTo(10), ...upTo(10), ...upTo(10)], "ordered"],
  ["repeat without end", (d) => d.take(3).repeat().take(8), [0, 1, 2, 0, 1, 2, 0, 1], "ordered"],
  ["zip", (d) => d.columns({ x: "x" }).zip(stream(60).columns({ other: "x" })), upTo(60), "ordered"],
  [
    "interleave",
    // Of one column, since other stages of a chain leave the words out.
    (d) =>
      d
        .columns({ x: "x" })
        .take(5)
        .interleave([stream(3, 100).columns({ x: "x" })], { block: 2 }),
    [0, 1, 100, 101, 2, 3, 102, 4],
    "ordered",
  ],
  ["cache", (d) => d.cache(), upTo(100), "ordered"],
  ["cache on disk", (d) => d.cache(join(scratch, `cache-${folders++}`)), upTo(100), "ordered"],
  ["prefetch", (d) => d.batch(9).prefetch(3), upTo(100), "ordered"],
  ["shuffle", (d) => d.shuffle({ seed: 3 }), upTo(100), "any order"],
  ["shuffle in windows", (d) => d.shuffle({ seed: 3, buffer: 17 }), upTo(100), "any order"],
  ["shuffle of repetitions", (d) => d.take(20).repeat(2).shuffle(), [...upTo(20), ...upTo(20)], "any order"],
  ["everything at once", (d) => d.shuffle({ buffer: 30 }).shard(1, 2).skip(3).batch(8).repeat(2), [], "changed"],
  ["noise", (d) => d.map(({ x }, { random }) => ({ x: (x as number) + random.normal() })), [], "changed"],
  ["threads", (d) => d.batch(16).mapBatches(thread, { threads: 2 }), [], "changed"],
];

describe.each([
  ["arrays", array],
  ["a stream", stream],
  ["an Arrow file", file],
])("of %s,", (_, make) => {
  test.each(stages)("%s gives what it says, however it is read", async (_, apply, wanted, order) => {
    const dataset = apply(make(100));
    const whole = await collect(dataset);
    const found = await numbers(dataset);
    if (order === "ordered") expect(found).toEqual(wanted);
    if (order === "any order") {
      expect(found).not.toEqual(wanted);
      expect([...found].sort((a, b) => a - b)).toEqual([...wanted].sort((a, b) => a - b));
      expect(await numbers(dataset.read({ pass: 1 }))).not.toEqual(found);
    }
    if (dataset.length !== undefined) expect(found).toHaveLength(dataset.length);
    expect(await collect(apply(make(100)))).toEqual(whole); // another one like it

    // Memory that is given back holds later batches; what was seen of them stays as it was.
    const giving = dataset.read();
    const copies: Batch[] = [];
    for (let batch = await giving.next(); batch; batch = await giving.next()) {
      copies.push(structuredClone(batch));
      giving.reuse(batch);
    }
    expect(copies).toEqual(whole);

    // From every position on, through JSON, everything that follows is the same.
    const reading = dataset.read();
    for (let done = 0; done <= whole.length; done++) {
      const state = JSON.parse(JSON.stringify(reading.state()));
      expect(await collect(dataset.read({ state }))).toEqual(whole.slice(done));
      await reading.next();
    }
    await reading.close();
  });

  test("shards are everything, and nothing is in two of them", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 9 }), async (n, world) => {
        const dataset = make(n).shuffle({ seed: 1, ...(n % 2 === 0 && { buffer: 7 }) });
        const shares = await Promise.all(upTo(world).map((rank) => numbers(dataset.shard(rank, world))));
        expect(shares.flat().sort((a, b) => a - b)).toEqual(upTo(n));
        const lengths = shares.map(({ length }) => length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 25 },
    );
  });

  test("any chain of stages can be left and taken up at any moment", async () => {
    const link = fc.constantFrom(...stages.filter(([name]) => !/threads|disk|zip/.test(name)));
    await fc.assert(
      fc.asyncProperty(fc.array(link, { minLength: 2, maxLength: 4 }), fc.nat(12), async (chain, stop) => {
        const dataset = chain.reduce((d, [, apply]) => apply(d), make(60));
        const whole = await collect(dataset.read({ pass: 3 }));
        const reading = dataset.read({ pass: 3 });
        for (let i = 0; i < stop; i++) await reading.next();
        const state = JSON.parse(JSON.stringify(reading.state()));
        await reading.close();
        expect(await collect(dataset.read({ state }))).toEqual(whole.slice(stop));
      }),
      { numRuns: 200 },
    );
  });
});

describe("threads", () => {
  test("give the same for any number of them, and the random numbers of this one", async () => {
    const { noisy } = (await import(thread.module.href)) as { noisy: never };
    const data = array(50).columns({ x: "x" }).batch(8);
    const here = await numbers(data.mapBatches(noisy, { seed: 9 }));
    for (const threads of [1, 3]) expect(await numbers(data.mapBatches(thread, { seed: 9, threads }))).toEqual(here);
  });

  test("say on one line what went wrong", async () => {
    const broken = array(5).mapBatches({ module: thread.module }, { threads: 1 });
    await expect(collect(broken)).rejects.toThrow(
      /^default of .*thread\.mjs failed on a thread: no luck\. Expected[^\n]*$/,
    );
    const missing = array(5).mapBatches({ module: new URL("./none.mjs", import.meta.url) });
    await expect(collect(missing)).rejects.toThrow(/none\.mjs failed on a thread/);
    expect(() => array(5).mapBatches(({ x }) => ({ x: x as DenseArray }), { threads: 2 })).toThrow(/module, name/);
  });
});

describe("a cache", () => {
  test("asks for samples once", async () => {
    let asked = 0;
    const counted = (dataset: Dataset) =>
      dataset.map((sample) => {
        asked++;
        return sample;
      });
    for (const make of [array, stream]) {
      asked = 0;
      const cached = counted(make(40)).cache();
      expect(await numbers(cached)).toEqual(upTo(40));
      expect(await numbers(cached.read({ pass: 1 }))).toEqual(upTo(40));
      expect(asked).toBe(40);
    }
  });

  test("on disk is found by others, made anew for others, and never wrong", async () => {
    const folder = join(scratch, "shared");
    const first = await collect(stream(40).cache(folder));
    expect(readdirSync(folder)).toEqual(["batches.bin", "batches.json"]);
    let asked = 0;
    const again = fromGenerator(
      function* counting() {
        asked++;
        yield { x: 0, word: "" };
      },
      { name: "40 from 0" },
    );
    expect(await collect(again.cache(folder))).toEqual(first);
    expect(asked).toBe(0);
    const bytes = readFileSync(join(folder, "batches.bin"));
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    writeFileSync(join(folder, "batches.bin"), bytes);
    await expect(collect(again.cache(folder))).rejects.toThrow(/checksum of batch 1 is wrong/);
    expect(await numbers(stream(10).cache(folder))).toEqual(upTo(10));
  });

  test("on disk reads batches of every type and size in pieces, ahead, and uses their memory again", async () => {
    const rows = 30_000; // some 5 MB: two pieces
    const every = fromArrays({
      x: { data: Float32Array.from({ length: 40 * rows }, (_, i) => i), shape: [rows, 40] },
      odd: Uint8Array.from({ length: rows }, (_, i) => i),
      short: Int16Array.from({ length: rows }, (_, i) => -i),
      list: Array.from({ length: rows }, (_, i) => [`${i}`, i]),
    });
    const cached = every.batch(701).cache(join(scratch, `cache-${folders++}`));
    const digest = (batch: Batch) => {
      const all = createHash("sha256");
      for (const [name, column] of Object.entries(batch)) {
        if (Array.isArray(column)) all.update(JSON.stringify([name, column]));
        else {
          const { data, shape } = column as DenseArray;
          all.update(JSON.stringify([name, data.constructor.name, shape]));
          all.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        }
      }
      return all.digest("hex");
    };
    const read = async (dataset: Dataset) => {
      const seen: unknown[] = [];
      const reading = dataset.read();
      for (let batch = await reading.next(); batch; batch = await reading.next()) {
        seen.push(digest(batch)); // a list of millions of numbers is slow to compare
        reading.reuse(batch);
      }
      await reading.close();
      return seen;
    };
    const wanted = await read(every.batch(701));
    for (let pass = 0; pass < 3; pass++) expect(await read(cached)).toEqual(wanted);
    // Two readings at a time have their own memory.
    expect(await Promise.all([read(cached), read(cached)])).toEqual([wanted, wanted]);
  });

  test.each(["in memory", "on disk"])("%s goes on where a reading left that was not read to the end", async (where) => {
    let asked = 0;
    const counted = stream(40)
      .batch(4)
      .mapBatches((batch) => {
        asked += (batch["x"] as DenseArray).data.length;
        return batch;
      });
    const cached = where === "on disk" ? counted.cache(join(scratch, `cache-${folders++}`)) : counted.cache();
    const first = cached.read();
    for (let i = 0; i < 3; i++) await first.next();
    await first.close();
    expect(asked).toBe(12);
    expect(await numbers(cached)).toEqual(upTo(40));
    expect(asked).toBe(40);
  });

  test.each([
    ["in memory", 12],
    ["on disk", 100_000], // 1 MB are ten samples
  ])("%s is shuffled in pieces from the second pass on, the same by whoever reads it", async (where, width) => {
    const count = 120;
    const rows = stream(count).map(({ x }) => ({ x, wide: new Uint8Array(width).fill(x as number) }));
    const kept = () =>
      where === "on disk" ? rows.batch(1).cache(join(scratch, `cache-${folders++}`)) : rows.batch(1).cache();
    const window = 10;
    const shuffled = (dataset: Dataset) => dataset.shuffle({ seed: 5, buffer: window });
    /** The numbers of a pass; what was read is given back, and was right until then. */
    const read = async (dataset: Dataset, from: Parameters<Dataset["read"]>[0], states: DatasetState[] = []) => {
      const seen: number[] = [];
      const reading = dataset.batch(3).read(from);
      for (let batch = await reading.next(); batch; batch = await reading.next()) {
        const [x, wide] = [batch["x"], batch["wide"]] as { data: Float32Array }[];
        seen.push(...(x?.data ?? []));
        expect([...(x?.data ?? [])].map((_, i) => wide?.data[(i + 1) * width - 1])).toEqual([...(x?.data ?? [])]);
        states.push(JSON.parse(JSON.stringify(reading.state())));
        reading.reuse(batch);
      }
      await reading.close();
      return seen;
    };
    const own = shuffled(kept());
    const passes = [await read(own, { pass: 0 }), await read(own, { pass: 1 }), await read(own, { pass: 2 })];
    for (const pass of passes) expect([...pass].sort((a, b) => a - b)).toEqual(upTo(count));
    const distance = (numbers: readonly number[] = []) => Math.max(...numbers.map((x, i) => Math.abs(x - i)));
    expect(distance(passes[0])).toBeLessThan(window); // as it came, while it is kept
    for (const pass of passes.slice(1)) expect(distance(pass)).toBeGreaterThan(count / 2);
    expect(passes[2]).not.toEqual(passes[1]);
    expect(passes[1]).not.toEqual(await read(kept().shuffle({ seed: 6, buffer: window }), { pass: 1 }));

    // One that begins with that pass keeps everything first, and goes on anywhere.
    const states: DatasetState[] = [];
    expect(await read(shuffled(kept()), { pass: 1 }, states)).toEqual(passes[1]);
    for (const place of [0, 7, 20, 39]) {
      const state = states[place] as DatasetState;
      const rest = passes[1]?.slice(3 * (place + 1));
      expect(await read(own, { state })).toEqual(rest);
      expect(await read(shuffled(kept()), { state })).toEqual(rest);
    }
    expect(await Promise.all([read(own, { pass: 1 }), read(own, { pass: 2 })])).toEqual(passes.slice(1));

    const same = kept().shuffle({ seed: 5, buffer: window, reshuffle: false });
    expect([await read(same, { pass: 0 }), await read(same, { pass: 1 })]).toEqual([passes[0], passes[0]]);
  });

  test("on disk refuses what JSON would change", async () => {
    const strange = fromArrays({ x: [1, 2] }).mapBatches(() => ({ x: [Number.NaN, 2] }));
    await expect(collect(strange.cache(join(scratch, `cache-${folders++}`)))).rejects.toThrow(/"x" holds what a file/);
  });

  const sum = (text: string) => createHash("sha256").update(text).digest("hex");
  /** An index of our form, whose contents are changed by somebody who knows about checksums. */
  const forged = (text: string, change: (index: { batches: Record<string, unknown>[] }) => void) => {
    const index = JSON.parse((JSON.parse(text) as { contents: string }).contents);
    change(index);
    const contents = JSON.stringify(index);
    return JSON.stringify({ format: "descent-batches", sha256: sum(contents), contents });
  };
  test.each<[string, (text: string) => string, RegExp]>([
    ["of something else", () => '{"batches": []}', /batches\.json is no index of kept batches/],
    ["that is cut short", (text) => text.slice(0, -9), /batches\.json is no index of kept batches/],
    ["with a number changed", (text) => text.replace(/(offset\\":)(\d)/, "$11$2"), /its checksum is wrong/],
    ["with another size of a batch", (text) => forged(text, ({ batches }) => grown(batches)), /does not hold/],
    [
      "with batches beyond the file",
      (text) => forged(text, ({ batches }) => Object.assign(batches[0] ?? {}, { offset: 2 ** 40 })),
      /tells of batches that .*batches\.bin does not hold/,
    ],
    ["without batches", (text) => forged(text, (index) => Object.assign(index, { batches: 7 })), /does not hold/],
  ])("an index %s is refused", async (_, change, message) => {
    const folder = join(scratch, `index-${folders++}`);
    await collect(stream(40).cache(folder));
    const path = join(folder, "batches.json");
    const before = readFileSync(path, "utf8");
    const after = change(before);
    expect(after).not.toBe(before);
    writeFileSync(path, after);
    await expect(collect(stream(40).cache(folder))).rejects.toThrow(message);
    expect(readFileSync(path, "utf8")).toBe(after); // nobody's file is written over
  });
});

/** More bytes than its shape has. */
function grown(batches: Record<string, unknown>[]): void {
  for (const { columns } of batches) for (const column of columns as { bytes: number }[]) column.bytes += 8;
}

test.each<[string, () => unknown, RegExp]>([
  ["arrays of different lengths", () => fromArrays({ x: [1, 2], y: [1] }), /y has 1 samples\. Expected 2/],
  ["no arrays", () => fromArrays({}), /no arrays/],
  ["a batch of none", () => array(3).batch(0), /size is 0/],
  ["a rank too high", () => array(3).shard(2, 2), /rank is 2 of 2/],
  ["a mistyped option", () => array(3).shuffle({ sed: 1 } as never), /did you mean "seed"/],
  ["no function", () => array(3).map(7 as never), /map got 7/],
])("%s is refused", (_, make, message) => {
  expect(make).toThrow(message);
});

test.each<[string, () => Dataset, RegExp]>([
  ["a column that is not there", () => array(3).columns({ x: "xx" }), /did you mean "x"/],
  ["texts in a matrix", () => array(3).columns({ x: ["x", "word"] }), /"word" holds texts/],
  ["samples of other shapes", () => fromGenerator(() => [{ x: [1] }, { x: [1, 2] }]), /sample 1's "x" is unlike/],
  ["no record", () => array(3).map(() => 7 as never), /map gave 7/],
  ["other numbers of samples", () => array(3).mapBatches(() => ({ x: [1] })), /gave 1 samples of "x"/],
  ["twice the same name", () => array(3).zip(array(3)), /two of the zipped datasets have a column "x"/],
  ["no generator", () => fromGenerator((() => 7) as never, { name: "seven" }), /seven gave no iterable/],
])("%s is refused when it is read", async (_, make, message) => {
  await expect(collect(make())).rejects.toThrow(message);
});

test("select gives the samples of these numbers in this order, and refuses others", async () => {
  const chosen = array(10).select([7, 0, 7, 3]);
  expect(chosen.length).toBe(4);
  expect(await numbers(chosen.batch(3))).toEqual([7, 0, 7, 3]);
  expect((await numbers(chosen.shuffle({ seed: 1 }))).sort()).toEqual([0, 3, 7, 7]);
  const reading = chosen.batch(3).read();
  await reading.next();
  expect(await numbers(chosen.batch(3).read({ state: JSON.parse(JSON.stringify(reading.state())) }))).toEqual([3]);
  expect(chosen.flow.description).not.toBe(array(10).select([0, 7, 7, 3]).flow.description);
  expect(() => array(10).select([10])).toThrow(/sample 10.*0 to 9/);
  expect(() => array(10).select([0.5])).toThrow(/sample 0.5/);
  expect(() => stream(10).select([1])).toThrow(/cache first/);
});

test("a process that ends before its cache on disk is whole leaves nothing of it", () => {
  const folder = join(scratch, "ended");
  const code = `
    import { readdirSync } from "node:fs";
    import { fromArrays } from ${JSON.stringify(new URL("../../src/data/index.ts", import.meta.url).href)};
    for await (const _ of fromArrays({ x: [1, 2, 3] }).batch(1).cache(${JSON.stringify(folder)})) {
      console.log(readdirSync(${JSON.stringify(folder)}).length);
      process.exit(3);
    }`;
  const args = ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", code];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect({ status, stdout, left: readdirSync(folder) }).toEqual({ status: 3, stdout: "1\n", left: [] });
});
