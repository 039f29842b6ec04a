import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Batch,
  type DenseArray,
  fromArrayFiles,
  fromImages,
  fromTextLines,
  fromTokens,
  readArrays,
} from "../../src/data/index.ts";
import { inPieces } from "../../src/data/readers/array-file.ts";
import { layers, sequential } from "../../src/index.ts";
import fc from "../tools/properties.ts";
import golden from "./golden/arrays.json" with { type: "json" };

const scratch = mkdtempSync(join(tmpdir(), "descent-readers-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function write(name: string, data: string | Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, data);
  return path;
}

async function collect(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

const list = (array: DenseArray | undefined) => [array?.shape, [...(array?.data ?? [])]];

describe("files of arrays, written by NumPy and safetensors", () => {
  test.each(golden.files)("$name", async ({ name, base64, arrays }) => {
    const path = write(name, Buffer.from(base64, "base64"));
    const found = await readArrays(path);
    expect(Object.fromEntries(Object.entries(found).map(([key, array]) => [key, list(array)]))).toEqual(
      Object.fromEntries(Object.entries(arrays).map(([key, { shape, data }]) => [key, [shape, data]])),
    );
  });

  test("are read row by row, in any order, from several files", async () => {
    const { base64 } = golden.files.find(({ name }) => name === "f4.npy") as (typeof golden.files)[number];
    const path = write("rows.npy", Buffer.from(base64, "base64"));
    const { "": whole } = await readArrays(path);
    const dataset = await fromArrayFiles({ x: path, same: path });
    const [all] = await collect(dataset.batch(100));
    expect(list(all?.["x"] as DenseArray)).toEqual(list(whole));
    const shuffled = await collect(dataset.shuffle({ seed: 2 }).batch(1));
    const firsts = shuffled.map(({ x }) => (x as DenseArray).data[0]);
    const width = (whole?.shape[1] ?? 1) * (whole?.shape[2] ?? 1);
    expect([...firsts].sort()).toEqual([...(whole?.data ?? [])].filter((_, i) => i % width === 0).sort());
  });

  test("of our own models", async () => {
    const model = sequential([layers.dense(2, { inputShape: [3] })]);
    await model.save(join(scratch, "model"));
    const { "dense_1/kernel": kernel } = await readArrays(join(scratch, "model/weights.safetensors"));
    expect([kernel?.shape, kernel?.data]).toEqual([[3, 2], model.getWeights()["dense_1/kernel"]]);
  });

  test("are named where there are several", async () => {
    const { base64 } = golden.files.find(({ name }) => name === "pair.npz") as (typeof golden.files)[number];
    const path = write("two.npz", Buffer.from(base64, "base64"));
    const [batch] = await collect(await fromArrayFiles({ x: `${path}#a` }));
    expect(batch?.["x"]).toBeDefined();
    await expect(fromArrayFiles({ x: path })).rejects.toThrow(/holds the arrays a, b.*two\.npz#a/);
    await expect(fromArrayFiles({ x: `${path}#c` })).rejects.toThrow(/unknown array "c"/i);
  });

  test("are refused in one line, whatever their names", async () => {
    const { base64 } = golden.files.find(({ name }) => name === "pair.npz") as (typeof golden.files)[number];
    const bytes = Buffer.from(base64, "base64");
    bytes.write("\n", bytes.lastIndexOf("a.npy"), "latin1"); // in the directory alone
    const path = write("lines.npz", bytes);
    await expect(readArrays(path)).rejects.toThrow(
      `${path} cannot be read: \\u000a.npy has another name in front of it`,
    );
  });

  test("that would unpack to more than they tell of are refused", async () => {
    const { base64 } = golden.files.find(({ name }) => name === "f4.npy") as (typeof golden.files)[number];
    const small = Buffer.from(base64, "base64");
    const bomb = write("bomb.npy.gz", gzipSync(Buffer.concat([small, Buffer.alloc(1 << 24)])));
    await expect(readArrays(bomb)).rejects.toThrow(/holds more than its header tells of/);
    await expect(readArrays(write("zeros.npy.gz", gzipSync(Buffer.alloc(1 << 24))))).rejects.toThrow(/does not begin/);
    const vast = Buffer.from(small);
    vast.write("(99999999999, 3, 2), ", vast.indexOf("(4, 3, 2)"), "latin1");
    await expect(readArrays(write("vast.npy.gz", gzipSync(vast)))).rejects.toThrow(/would take \d+ bytes unpacked/);
  });
});

describe("lines of text", () => {
  const text = "\ufefffirst\r\n\nthird ünïcode\nlast without an end";

  test("are those of the file", async () => {
    const [one, two] = [write("one.txt", text), write("two.txt", "more\n")];
    const dataset = await fromTextLines([one, two]);
    expect(await collect(dataset)).toEqual([{ text: ["first", "", "third ünïcode", "last without an end", "more"] }]);
  });

  test("go on from any batch, over pieces of any size", async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `${"é".repeat((i * 37) % 400)}${i}`);
    const dataset = await fromTextLines(write("many.txt", lines.join("\n")));
    const whole = await collect(dataset);
    expect(whole.flatMap(({ text }) => text)).toEqual(lines);
    const reading = dataset.read();
    for (let done = 0; done <= whole.length; done++) {
      expect(await collect(dataset.read({ state: reading.state() }))).toEqual(whole.slice(done));
      await reading.next();
    }
  });
});

test("tokens are windows with the next token beside each", async () => {
  const path = write("tokens.bin", new Uint8Array(Uint16Array.from({ length: 11 }, (_, i) => 100 + i).buffer));
  const dataset = await fromTokens(path, { length: 4, stride: 3 });
  expect(dataset.length).toBe(3);
  const [batch] = await collect(dataset);
  expect(batch).toEqual({
    x: { data: Int32Array.of(100, 101, 102, 103, 103, 104, 105, 106, 106, 107, 108, 109), shape: [3, 4] },
    y: { data: Int32Array.of(101, 102, 103, 104, 104, 105, 106, 107, 107, 108, 109, 110), shape: [3, 4] },
  });
  await expect(fromTokens(path, { length: 11 })).rejects.toThrow(/has 11 tokens/);
  await expect(fromTokens(write("odd.bin", new Uint8Array(3)), { length: 1 })).rejects.toThrow(/has 3 bytes/);
});

describe("images", () => {
  const folder = join(scratch, "pictures");
  const png = (r: number, g: number, b: number) =>
    sharp({ create: { width: 6, height: 4, channels: 3, background: { r, g, b } } })
      .png()
      .toBuffer();

  beforeAll(async () => {
    for (const [name, color] of [
      ["red", [255, 0, 0]],
      ["blue", [0, 0, 255]],
    ] as const) {
      mkdirSync(join(folder, name), { recursive: true });
      for (let i = 0; i < 3; i++)
        writeFileSync(join(folder, name, `${i}.png`), await png(...(color as [number, number, number])));
    }
  });

  test("have the class of their folder", async () => {
    const { dataset, classes } = await fromImages(folder, { size: [2, 3] });
    expect([classes, dataset.length]).toEqual([["blue", "red"], 6]);
    const [batch] = await collect(dataset);
    const { x, y } = batch as Record<"x" | "y", DenseArray>;
    expect([x.shape, y]).toEqual([[6, 2, 3, 3], { data: Int32Array.of(0, 0, 0, 1, 1, 1), shape: [6] }]);
    expect([...x.data.subarray(0, 3), ...x.data.subarray(-3)]).toEqual([0, 0, 255, 255, 0, 0]);
  });

  test("have classes of any name, beside a folder to train", async () => {
    for (const name of ["constructor", "train"]) {
      mkdirSync(join(scratch, "named", name, "inner"), { recursive: true });
      for (const place of ["0.png", "inner/1.png"])
        writeFileSync(join(scratch, "named", name, place), await png(1, 2, 3));
    }
    const { classes, parts } = await fromImages(join(scratch, "named"), { size: [1, 1] });
    expect([classes, parts]).toEqual([["constructor", "train"], undefined]);
  });

  test.each([
    [1, 1],
    [3, 3],
    [4, 4],
  ] as const)("have %i channels when asked", async (channels, wanted) => {
    const { dataset } = await fromImages(folder, { size: [4, 6], channels });
    const [batch] = await collect(dataset.take(1));
    expect((batch as Record<string, DenseArray>)["x"]?.shape).toEqual([1, 4, 6, wanted]);
    if (channels === 4) expect((batch as Record<string, DenseArray>)["x"]?.data[3]).toBe(255);
  });

  test("are those that a table names, and none outside of the folder", async () => {
    const table = write("labels.csv", "file,kind\nred/0.png,warm\nblue/1.png,cold\n");
    const options = { size: [1, 1], table, path: "file", label: "kind" } as const;
    const { dataset, classes } = await fromImages(folder, options);
    const [batch] = await collect(dataset);
    expect([classes, (batch as Record<string, DenseArray>)["y"]?.data]).toEqual([
      ["cold", "warm"],
      Int32Array.of(1, 0),
    ]);
    write("outside.png", await png(1, 2, 3));
    symlinkSync(join(scratch, "outside.png"), join(folder, "link.png"));
    for (const path of ["../outside.png", join(scratch, "outside.png"), "link.png", "red/../../outside.png", "."]) {
      writeFileSync(table, `file,kind\n"${path}",warm\n`);
      await expect(fromImages(folder, options)).rejects.toThrow(/leads out of/);
    }
    rmSync(join(folder, "link.png"));
  });

  test("that are something else are refused on one line", async () => {
    const odd = join(scratch, "odd");
    const contents: Record<string, string | Buffer> = {
      svg: '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><image href="/etc/passwd"/></svg>',
      text: "not an image",
      empty: "",
      cut: (await png(9, 9, 9)).subarray(0, 60),
    };
    for (const [name, content] of Object.entries(contents)) {
      mkdirSync(join(odd, name), { recursive: true });
      writeFileSync(join(odd, name, "0.png"), content);
      const { dataset } = await fromImages(join(odd, name, "..", name), { size: [2, 2] });
      await expect(collect(dataset)).rejects.toThrow(/^[^\n]*0\.png (does not begin|is no image)[^\n]*$/);
    }
    const vast = join(odd, "vast");
    mkdirSync(vast);
    const large = await png(9, 9, 9);
    large.writeUInt32BE(60_000, 16); // width and height of the header, 25 bytes from its length to its checksum
    large.writeUInt32BE(60_000, 20);
    large.writeUInt32BE(crc32(large.subarray(12, 29)), 29);
    writeFileSync(join(vast, "0.png"), large);
    const { dataset } = await fromImages(vast, { size: [2, 2] });
    await expect(collect(dataset)).rejects.toThrow(/is no image that can be read: Input image exceeds pixel limit/);
  });
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  }
  return ~crc >>> 0;
}

test("the golden files are what NumPy writes", (context) => {
  const script = new URL("./golden/arrays.py", import.meta.url).pathname;
  let written: string;
  try {
    written = execFileSync("python3", [script, "-"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return context.skip("needs python3 with numpy");
  }
  const arrays = (text: typeof golden) => text.files.map(({ name, arrays }) => [name, arrays]);
  expect(arrays(JSON.parse(written))).toEqual(arrays(golden));
});

describe("reading in pieces", () => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 2654435761) >>> 24);
  const reader = () => {
    const asked: number[] = [];
    const read = inPieces(async (start, length) => {
      expect(start + length).toBeLessThanOrEqual(bytes.length);
      asked.push(length);
      return bytes.slice(start, start + length);
    }, bytes.length);
    return { read, asked };
  };

  test("gives what lies there, wherever and however much is asked for", async () => {
    const places = fc.array(
      fc.tuple(fc.oneof(fc.nat(bytes.length - 1), fc.nat(9000)), fc.oneof(fc.nat(20), fc.nat(9000))),
    );
    await fc.assert(
      fc.asyncProperty(places, async (parts) => {
        const { read } = reader();
        for (const [start, length] of parts) {
          expect(Buffer.compare(await read(start, length), bytes.slice(start, start + length))).toBe(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("asks seldom for small parts side by side, and for no more than is wanted of others", async () => {
    const { read, asked } = reader();
    for (let at = 0; at < 150_000; at += 100) await read(at, 120);
    expect(asked.length).toBeLessThan(6);
    const far = reader();
    for (const at of [0, 90_000, 10_000, 180_000]) await far.read(at, 120);
    expect(far.asked).toEqual([120, 120, 120, 120]);
  });
});
