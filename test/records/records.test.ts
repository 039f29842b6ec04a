import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { layers } from "../../src/nn/index.ts";
import { crc32c, maskedCrc32c } from "../../src/records/crc32c.ts";
import { framed } from "../../src/records/event-file.ts";
import { csvLog, EventFile, jsonLines, tensorBoard } from "../../src/records/index.ts";
import { type Callback, sequential } from "../../src/train/index.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-records-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const utf8 = new TextEncoder();

describe("checksums", () => {
  // RFC 3720, appendix B.4.
  test.each<[string, Uint8Array, number]>([
    ["123456789", utf8.encode("123456789"), 0xe3069283],
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 ones", new Uint8Array(32).fill(255), 0x62a8ab43],
    ["0 to 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["31 to 0", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ])("crc32c of %s", (_, bytes, expected) => expect(crc32c(bytes)).toBe(expected));
});

test("the first record of every file is the one that TensorFlow writes", () => {
  // tensorboard 2.21, RecordWriter over Event(wall_time=1.5, file_version="brain.Event:2").
  const event = Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x1a, 13, ...utf8.encode("brain.Event:2"));
  const record = Buffer.from(framed(event)).toString("hex");
  expect(record).toBe("1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c");
});

/** The data of a file's records, their checksums checked. */
function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 8, true)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    expect(view.getUint32(at + 12 + length, true)).toBe(maskedCrc32c(data));
    records.push(data);
    at += length + 16;
  }
  return records;
}

const x = Array.from({ length: 8 }, (_, i) => [i / 8]);
const y = x.map(([value = 0]) => [2 * value]);

async function train(callback: Callback): Promise<void> {
  const model = sequential([layers.dense(1, { inputShape: [1] })]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics: ["meanAbsoluteError"], engine: "wasm" });
  await model.fit(x, y, { epochs: 2, batchSize: 4, validationSplit: 0.5, verbose: 0, callbacks: [callback] });
}

test("tensorBoard writes runs for training and validation", async () => {
  const run = join(folder, "run");
  await train(tensorBoard(run, { histogramEvery: 1, everySteps: 1, hyperparameters: { units: 1 } }));
  const texts = ["train", "validation"].map((part) => {
    const [file = "", ...others] = readdirSync(join(run, part));
    expect(others).toEqual([]);
    expect(file).toMatch(/^events\.out\.tfevents\.\d+\./);
    return recordsOf(new Uint8Array(readFileSync(join(run, part, file)))).map((data) =>
      Buffer.from(data).toString("latin1"),
    );
  });
  const [training = [], validation = []] = texts;
  expect(training[0]).toContain("brain.Event:2");
  // Version, model, hyperparameters, two steps, two epochs of numbers, kernel and bias twice.
  expect(training.length).toBe(1 + 2 + 2 + 2 + 4);
  expect(
    training.filter((text) => text.includes("epoch_loss") && text.includes("epoch_meanAbsoluteError")).length,
  ).toBe(2);
  expect(validation.length).toBe(3);
  expect(validation[2]).toContain("epoch_loss");
});

test("event files hold pictures, and a folder that can't be written is told", async () => {
  const file = new EventFile(join(folder, "pictures"));
  await file.image("gray", { width: 1, height: 1, channels: 1, png: Uint8Array.of(1, 2) }, 0);
  await expect(new EventFile("/dev/null/x").scalars({ loss: 1 }, 0)).rejects.toThrow(/could not be written/);
  expect(() => tensorBoard(folder, { histogramEvery: 0.5 })).toThrow(/histogramEvery = 0.5/);
});

test("csvLog and jsonLines write a line for every epoch, and add to what is there when asked", async () => {
  const [csv, json] = [join(folder, "a/log.csv"), join(folder, "a/log.jsonl")];
  await train(csvLog(csv));
  await train(csvLog(csv, { append: true }));
  const [heading = "", ...rows] = readFileSync(csv, "utf8").trim().split("\n");
  expect(heading).toBe("epoch,step,seconds,learningRate,loss,meanAbsoluteError,valLoss,valMeanAbsoluteError");
  expect(rows.map((row) => row.split(",")[0])).toEqual(["1", "2", "1", "2"]);
  expect(rows.every((row) => row.split(",").length === 8)).toBe(true);
  await train(jsonLines(json));
  const lines = readFileSync(json, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ epoch, step }) => [epoch, step])).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(lines[0].loss).toBeGreaterThan(0);
});
