import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
  // Version, model, graph, hyperparameters, two steps, two epochs of numbers, kernel and bias twice.
  expect(training.length).toBe(1 + 3 + 2 + 2 + 4);
  expect(
    training.filter((text) => text.includes("epoch_loss") && text.includes("epoch_meanAbsoluteError")).length,
  ).toBe(2);
  expect(validation.length).toBe(3);
  expect(validation[2]).toContain("epoch_loss");
});

/** Fields of a message: varints as numbers, bytes as they are; what they mean is the test's business. */
function fieldsOf(bytes: Uint8Array): [field: number, value: number | Uint8Array][] {
  const fields: [number, number | Uint8Array][] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, type] = [key >> 3, key & 7];
    if (type === 0) {
      fields.push([field, varint()]);
      continue;
    }
    const length = type === 1 ? 8 : type === 5 ? 4 : varint();
    const value = bytes.subarray(at, at + length);
    if (type === 1) fields.push([field, view.getFloat64(at, true)]);
    else fields.push([field, type === 5 ? view.getFloat32(at, true) : value]);
    at += length;
  }
  return fields;
}

/** The values of a path of fields: of all messages on the way. */
function at(bytes: Uint8Array, ...path: number[]): (number | Uint8Array)[] {
  return path.reduce<(number | Uint8Array)[]>(
    (found, field) =>
      found.flatMap((value) => fieldsOf(value as Uint8Array).flatMap(([own, inner]) => (own === field ? [inner] : []))),
    [bytes],
  );
}

const textsAt = (bytes: Uint8Array, ...path: number[]) =>
  at(bytes, ...path).map((value) => Buffer.from(value as Uint8Array).toString());

function eventsOf(path: string): Uint8Array[] {
  const files = readdirSync(path).filter((name) => name.startsWith("events."));
  return files.flatMap((name) => recordsOf(new Uint8Array(readFileSync(join(path, name)))));
}

test("tensorBoard writes the graph of the layers, and hyperparameters as a session that ends", async () => {
  const run = join(folder, "compared");
  const model = sequential([layers.dense(3, { inputShape: [1], activation: "relu" }), layers.dense(1)]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference" });
  const hyperparameters = { units: 3, activation: "relu", bias: true };
  await model.fit(x, y, { verbose: 0, callbacks: [tensorBoard(run, { hyperparameters })] });

  // Event.graph_def = 4: GraphDef.node = 1 of name = 1, op = 2, input = 3.
  const [graph] = eventsOf(join(run, "train")).flatMap((event) => at(event, 4)) as Uint8Array[];
  const nodes = at(graph as Uint8Array, 1) as Uint8Array[];
  expect(nodes.map((node) => [textsAt(node, 1)[0], textsAt(node, 2)[0], textsAt(node, 3)])).toEqual([
    [expect.any(String), "input", []],
    ["dense_1", "dense", textsAt(nodes[0] as Uint8Array, 1)],
    ["dense_2", "dense", ["dense_1"]],
  ]);
  const options = (at(nodes[1] as Uint8Array, 5) as Uint8Array[]).map((attr) => [
    textsAt(attr, 1)[0],
    textsAt(attr, 2, 2)[0],
  ]);
  expect(options).toContainEqual(["units", "3"]);

  // Event.summary = 5, value = 1: tag = 1, metadata = 9 with plugin_data = 1 of plugin_name = 1, content = 2.
  const values = eventsOf(run).flatMap((event) => at(event, 5, 1)) as Uint8Array[];
  expect(values.map((value) => textsAt(value, 1)[0])).toEqual([
    "_hparams_/session_start_info",
    "_hparams_/session_end_info",
  ]);
  expect(values.map((value) => textsAt(value, 9, 1, 1)[0])).toEqual(["hparams", "hparams"]);
  const [start, end] = values as [Uint8Array, Uint8Array];
  const pairs = at(start, 9, 1, 2, 3, 1) as Uint8Array[]; // session_start_info = 3, hparams = 1
  expect(pairs.map((pair) => textsAt(pair, 1)[0])).toEqual(["units", "activation", "bias"]);
  expect(at(pairs[0] as Uint8Array, 2, 2)).toEqual([3]); // number_value
  expect(textsAt(pairs[1] as Uint8Array, 2, 3)).toEqual(["relu"]); // string_value
  expect(at(pairs[2] as Uint8Array, 2, 4)).toEqual([1]); // bool_value
  expect(at(end, 9, 1, 2, 4, 1)).toEqual([1]); // session_end_info = 4, STATUS_SUCCESS
});

test("records of a training that goes on end as those of one that was never interrupted", async () => {
  const [csv, json, events] = [join(folder, "on/log.csv"), join(folder, "on/log.jsonl"), join(folder, "on/events")];
  const trained = async (epochs: number, checkpoint: string, resume: boolean) => {
    const model = sequential([layers.dense(1, { inputShape: [1] })]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference" });
    const callbacks = [csvLog(csv), jsonLines(json), tensorBoard(events)];
    await model.fit(x, y, { epochs, verbose: 0, callbacks, checkpoint: { folder: join(folder, checkpoint), resume } });
  };
  const withoutTime = (path: string) =>
    readFileSync(path, "utf8")
      .replace(/("seconds":)[^,]+/g, "$1")
      .replace(/^(\d+,\d+,)[^,]+/gm, "$1");
  await trained(4, "whole", false);
  const whole = [csv, json].map(withoutTime);
  await trained(2, "cut", false);
  // Killed while the third epoch's line was written, after the last checkpoint.
  appendFileSync(csv, "3,3,0.1,0.01,0.5\n4,4,0.1,0.0");
  appendFileSync(json, '{"epoch":3,"step":3,"loss":0.5}\n{"epo');
  await trained(4, "cut", true);
  expect([csv, json].map(withoutTime)).toEqual(whole);
  // Event.session_log = 7, status = 1: START, at step 2: readers forget what came after it.
  const restarts = eventsOf(join(events, "train")).filter((event) => at(event, 7).length > 0);
  expect(restarts.map((event) => [at(event, 2), at(event, 7, 1)])).toEqual([[[2], [1]]]);
});

test("a line that was cut off is left out before others are added", async () => {
  const json = join(folder, "cut.jsonl");
  writeFileSync(json, '{"epoch":1}\n{"epoch":2,"lo');
  await train(jsonLines(json, { append: true }));
  const lines = readFileSync(json, "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).epoch)).toEqual([1, 1, 2]);
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
