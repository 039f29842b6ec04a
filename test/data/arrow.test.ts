import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { lz4Frame } from "../../src/data/arrow/unpack.ts";
import { type Batch, type DenseArray, fromArrow, openTable } from "../../src/data/index.ts";
import { layers, sequential } from "../../src/index.ts";
import { HostRandom } from "../../src/util/index.ts";
import fc from "../tools/properties.ts";
import golden from "./golden/arrow.json" with { type: "json" };

const scratch = mkdtempSync(join(tmpdir(), "descent-arrow-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function write(name: string, data: string | Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, data);
  return path;
}

const bytesOf = (name: string) => Buffer.from(golden.files.find((file) => file.name === name)?.base64 ?? "", "base64");

async function collect(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

/** A value as JSON can hold it. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** A column as a list with a value, or a list of numbers, for each row. */
function listed(column: Batch[string]): unknown[] {
  if (!("data" in column)) return column.map(plain);
  const { data, shape } = column as DenseArray;
  const all = Array.from(data as Iterable<number>, plain);
  const width = shape[1];
  return width === undefined
    ? all
    : Array.from({ length: shape[0] ?? 0 }, (_, i) => all.slice(i * width, (i + 1) * width));
}

async function columnsOf(path: string | readonly string[]): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const batch of await collect(await fromArrow(path))) {
    for (const [name, column] of Object.entries(batch)) {
      found[name] ??= [];
      found[name].push(...listed(column));
    }
  }
  return found;
}

describe("Arrow files, written by pyarrow and polars", () => {
  test.each(golden.files)("$name", async ({ name, base64, columns }) => {
    const path = write(name, Buffer.from(base64, "base64"));
    if (name.includes("zstd") && !("zstdDecompress" in zlib)) {
      await expect(columnsOf(path)).rejects.toThrow(/is packed by Zstandard\. Expected Node 22\.15/);
      return;
    }
    expect(await columnsOf(path)).toEqual(columns);
    const [first = []] = Object.values(columns) as unknown[][];
    expect((await fromArrow(path)).length).toBe(first.length);
  });

  test("put numbers and arrays side by side, and read only what is asked for", async () => {
    const path = write("texts.arrow", bytesOf("texts.arrow"));
    const [batch] = await collect((await fromArrow(path)).columns({ x: ["code", "pairs"], words: "kind" }));
    expect(batch?.["words"]).toEqual(["b", "a", null, "b", "c"]);
    const { data, shape } = (batch as Record<string, DenseArray>)["x"] as DenseArray;
    expect([data.constructor, shape]).toEqual([Float32Array, [5, 3]]);
    const no = Number.NaN;
    expect([...data]).toEqual([no, 1, 2, 2.5, no, no, no, 3, no, no, 4, 5, no, 6, 7]);
  });

  test("several are one table, in batches whose sizes never vary, read on from any of them", async () => {
    const path = write("long.feather", bytesOf("long.feather"));
    const files = Array.from({ length: 17 }, () => path);
    const dataset = await fromArrow(files);
    expect(dataset.length).toBe(5100);
    const whole = await collect(dataset);
    expect(whole.map(({ word }) => (word as string[]).length)).toEqual([2048, 2048, 1004]);
    for (const stages of [dataset, dataset.shuffle({ seed: 3, buffer: 1500 }).batch(777)]) {
      const wanted = await collect(stages);
      const reading = stages.read();
      for (let done = 0; done <= wanted.length; done++) {
        const state = JSON.parse(JSON.stringify(reading.state()));
        expect(await collect(stages.read({ state }))).toEqual(wanted.slice(done));
        const batch = await reading.next();
        if (batch) reading.reuse(batch);
      }
    }
  });

  test("of very many tiny batches are read as they stand", async () => {
    const bytes = bytesOf("legacy.arrows");
    const begins = 4 + Buffer.from(bytes).readInt32LE(0);
    const [schema, batch] = [bytes.subarray(0, begins), bytes.subarray(begins, bytes.length - 4)];
    const { a } = (await columnsOf(write("legacy.arrows", bytes))) as { a: unknown[] };
    const path = write("many.arrows", Buffer.concat([schema, ...Array.from({ length: 500 }, () => batch)]));
    expect(await columnsOf(path)).toEqual({ a: Array.from({ length: 500 }, () => a).flat() });
  });

  test("train a model", async () => {
    const rows = await fromArrow(write("hundred.arrow", bytesOf("hundred.arrow")));
    const model = sequential([layers.dense(1, { inputShape: [1] })]);
    model.compile({ optimizer: "adam", loss: "meanSquaredError", engine: "reference" });
    const samples = rows.columns({ x: ["x"], y: ["x"] });
    const { history } = await model.fit(samples, { epochs: 2, verbose: 0 });
    expect(history["loss"]?.[1]).toBeLessThan(history["loss"]?.[0] as number);
  });
});

describe("LZ4", () => {
  test("frames of the lz4 program are unpacked, whatever is in them and however long it is", (context) => {
    const random = new HostRandom(7);
    const noise = Uint8Array.from({ length: 70_000 }, () => random.integer(256));
    const runs = Uint8Array.from({ length: 300_000 }, (_, i) => (i >> 10) & 3);
    const text = new TextEncoder().encode("the quick brown fox ".repeat(5000));
    for (const content of [noise, runs, text, Uint8Array.of(1)]) {
      for (const options of [["-1"], ["-9", "--content-size"], ["-B4", "-BX"]]) {
        let packed: Uint8Array;
        try {
          packed = execFileSync("lz4", ["-z", "-c", ...options], { input: content, stdio: ["pipe", "pipe", "ignore"] });
        } catch {
          return context.skip("needs the program lz4");
        }
        expect(Buffer.compare(lz4Frame(packed, content.length) ?? new Uint8Array(), content)).toBe(0);
        expect(lz4Frame(packed, content.length + 1)).toBeUndefined();
        expect(lz4Frame(packed, content.length - 1)).toBeUndefined();
      }
    }
  });

  test("bytes that are none never write outside, hang or throw", () => {
    const frame = (block: Uint8Array) =>
      Buffer.concat([
        Buffer.from("04224d1860407f", "hex"),
        Buffer.from([block.length, 0, 0, 0]),
        block,
        Buffer.alloc(4),
      ]);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(300), (block, size) => {
        const out = lz4Frame(frame(block), size);
        expect(out === undefined || out.length === size).toBe(true);
      }),
    );
  });
});

/** Of a batch of 2 rows: its number of columns, 1, and what that is like: 2 values, none missing. */
const NODES = "0100000002000000000000000000000000000000";

test.each<[string, () => string | readonly string[], RegExp]>([
  ["no file", () => join(scratch, "none.arrow"), /there is no file/],
  ["an empty file", () => write("empty.arrow", ""), /does not begin as one/],
  ["a text", () => write("text.arrow", "a,b\n1,2\n3,4\n"), /does not begin as one/],
  ["Feather of version 1", () => write("old.feather", "FEA1\0\0\0\0"), /Feather of version 1/],
  ["a file cut short", () => write("cut.arrow", bytesOf("numbers.arrow").subarray(0, 2000)), /cut short, or its end/],
  ["a stream cut short", () => write("cut.arrows", bytesOf("stream.arrows").subarray(0, 700)), /cut short/],
  ["nodes lied about", () => write("lie.arrows", lied("ffffff7f")), /leads out of itself/],
  ["no list", () => [], /fromArrow got \[\]/],
  [
    "files of several kinds",
    () => [write("a.arrow", bytesOf("legacy.arrows")), write("b.arrow", bytesOf("long.feather"))],
    /b\.arrow has the columns i: Int32, word: Utf8\. Expected those of .*a\.arrow: a: Int32/,
  ],
])("%s is refused on one line", async (_, source, message) => {
  const refusal = await columnsOf(source()).catch((error: Error) => error);
  expect(refusal).toBeInstanceOf(Error);
  expect((refusal as Error).message).toMatch(message);
  expect((refusal as Error).message).not.toMatch(/[\r\n]/);
});

function lied(count: string): Uint8Array {
  const bytes = Buffer.from(bytesOf("legacy.arrows"));
  const at = bytes.indexOf(Buffer.from(NODES, "hex"));
  expect(at).toBeGreaterThan(0);
  bytes.write(count, at, "hex");
  return bytes;
}

test("a table's reader names the one for Arrow", async () => {
  await expect(openTable(write("t.arrow", bytesOf("numbers.arrow")))).rejects.toThrow(/fromArrow reads it/);
});
