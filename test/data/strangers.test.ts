import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { fromArrayFiles, readArrays } from "../../src/data/index.ts";
import { DescentError, layers, loadModel, sequential } from "../../src/index.ts";
import { huggingFaceTokenizer, loadTokenizer } from "../../src/text/index.ts";
import { CheckpointFolder } from "../../src/train/checkpoint/folder.ts";
import { decodeRecord, encodeRecord } from "../../src/train/checkpoint/record.ts";
import { sha256 } from "../../src/train/save/checksum.ts";
import { zipBlob } from "../../src/train/save/zip.ts";
import golden from "./golden/arrays.json" with { type: "json" };

// A file downloaded from a stranger cannot run code or write outside its folder by being loaded. Tables that try are in tables.test.ts, images
// and tables of paths in readers.test.ts.

const scratch = mkdtempSync(join(tmpdir(), "descent-strangers-"));
const folder = join(scratch, "downloads");
const secret = join(scratch, "secret");
const evil = join(scratch, "evil.mjs");
const ran = "__descentStrangerRan";
let outside: string;

/** Everything beside the folder of downloads, and what is in it. */
function surroundings(): string {
  const files = readdirSync(scratch, { withFileTypes: true }).filter(({ name }) => name !== "downloads");
  return JSON.stringify(files.map(({ name }) => [name, readFileSync(join(scratch, name), "latin1")]));
}

beforeAll(async () => {
  mkdirSync(folder);
  writeFileSync(secret, "a secret");
  const code = `globalThis[${JSON.stringify(ran)}] = true; export default () => {};\n`;
  writeFileSync(evil, code);
  outside = surroundings();
  const model = sequential([layers.dense(1, { inputShape: [2] })]);
  model.compile({ optimizer: "adam", loss: "meanSquaredError", engine: "reference" });
  await model.fit([[1, 2]], [[3]], { verbose: 0, checkpoint: join(folder, "checkpoints") });
  await model.save(join(folder, "model"));
  for (const name of ["index.js", "index.mjs", "package.json", "config.ts"]) {
    writeFileSync(join(folder, "model", name), name === "package.json" ? '{"main": "index.js"}' : code);
  }
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

afterEach(() => {
  expect(surroundings()).toBe(outside);
  expect(ran in globalThis).toBe(false);
  expect(({} as Record<string, unknown>)["stranger"]).toBeUndefined();
});

type Json = Record<string, unknown>;

function modelWith(change: (file: Json) => void): string {
  const file = JSON.parse(readFileSync(join(folder, "model", "model.json"), "utf8")) as Json;
  change(file);
  const place = join(folder, "changed");
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  for (const name of ["weights.safetensors", "optimizer.safetensors"]) {
    writeFileSync(join(place, name), readFileSync(join(folder, "model", name)));
  }
  writeFileSync(join(place, "model.json"), JSON.stringify(file));
  return place;
}

test("a model's folder is read by the names of its own files; code beside them is none of its", async () => {
  const model = await loadModel(join(folder, "model"));
  expect(Object.keys(model.getWeights())).toEqual(["dense_1/kernel", "dense_1/bias"]);
});

test.each([
  ["weights", { path: "../../secret" }],
  ["weights", { file: secret }],
  ["weights", { name: "../weights.safetensors" }],
  ["optimizer", { path: "../../secret" }],
  ["weights", "../../secret"],
  ["weights", secret],
] as const)("a model.json cannot name the file of its %s: %j", async (part, words) => {
  const place = modelWith((file) => {
    file[part] = typeof words === "string" ? words : { ...(file[part] as Json), ...words };
  });
  await expect(loadModel(place)).rejects.toThrow(DescentError);
});

test.each([
  "lambda",
  "constructor",
  "__proto__",
  "toString",
  "node:fs",
  "../../evil.mjs",
  evil,
  pathToFileURL(evil).href,
  `data:text/javascript,globalThis.${ran}=true`,
])("a model.json cannot name code as a layer, optimizer or loss: %s", async (kind) => {
  const text = readFileSync(join(folder, "model", "model.json"), "utf8");
  for (const known of ["dense", "adam", "meanSquaredError"]) {
    expect(text).toContain(`"kind": "${known}"`);
    const place = modelWith(() => undefined);
    writeFileSync(join(place, "model.json"), text.replace(`"kind": "${known}"`, `"kind": ${JSON.stringify(kind)}`));
    await expect(loadModel(place)).rejects.toThrow(DescentError);
  }
});

test("names in a model.json reach no prototype", async () => {
  const text = readFileSync(join(folder, "model", "model.json"), "utf8");
  const place = modelWith(() => undefined);
  const polluted = text.replace(
    '"preprocessing": null',
    '"preprocessing": {"__proto__": {"stranger": 1}, "constructor": {}}',
  );
  expect(polluted).not.toBe(text);
  writeFileSync(join(place, "model.json"), polluted);
  await loadModel(place);
});

test("an archive of a model whose files are named outside is read, and nothing is unpacked", async () => {
  const files = ["model.json", "weights.safetensors", "optimizer.safetensors"].map((name) => ({
    name,
    data: new Uint8Array(readFileSync(join(folder, "model", name))),
  }));
  const before = readdirSync(folder);
  await loadModel(zipBlob("../../..", files));
  expect(readdirSync(folder)).toEqual(before);
});

test.each(["../xy", "/etc/", "..\\..", "C:\\xy"])(
  "members of an .npz named %s are names and no paths",
  async (name) => {
    const { base64 } = golden.files.find((file) => file.name === "pair.npz") as (typeof golden.files)[number];
    const text = Buffer.from(base64, "base64").toString("latin1");
    expect(text.split("a.npy")).toHaveLength(3);
    const path = join(folder, "named.npz");
    writeFileSync(path, Buffer.from(text.replaceAll("a.npy", name), "latin1"));
    const before = readdirSync(folder);
    expect(Object.keys(await readArrays(path))).toEqual([name, "b"]);
    await expect(fromArrayFiles({ x: `${path}#../../secret` })).rejects.toThrow(DescentError);
    expect(readdirSync(folder)).toEqual(before);
  },
);

test("tensors of a safetensors file named as paths or prototypes are names", async () => {
  const names = ["../../secret", secret, "__proto__"];
  const places = names.map((_, i) => ({ dtype: "F32", shape: [1], data_offsets: [4 * i, 4 * i + 4] }));
  const header = `{${names.map((name, i) => `${JSON.stringify(name)}:${JSON.stringify(places[i])}`).join(",")}}`;
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const path = join(folder, "named.safetensors");
  writeFileSync(path, Buffer.concat([length, Buffer.from(header), Buffer.alloc(12)]));
  expect(Object.keys(await readArrays(path))).toEqual(names);
});

test.each(["../../../secret", "..", "../other/weights.safetensors", secret, "..\\..\\secret"])(
  "a checkpoint cannot name a file outside of it: %s",
  async (name) => {
    const checkpoints = new CheckpointFolder(join(folder, "checkpoints"));
    const [newest = ""] = await checkpoints.names();
    const path = join(checkpoints.folder, newest, "run.json");
    const whole = readFileSync(path, "utf8");
    const record = await decodeRecord(whole);
    if (typeof record === "string") throw new Error(record);
    const data = new Uint8Array(readFileSync(secret));
    const facts = { bytes: data.length, sha256: await sha256([data]) };
    writeFileSync(path, await encodeRecord({ ...record, files: { ...record.files, [name]: facts } }));
    try {
      expect(await checkpoints.read(newest)).toMatch(/^[^\n]+$/); // what is wrong
      await expect(checkpoints.newest(() => undefined)).rejects.toThrow(/none of the 1 checkpoints/);
    } finally {
      writeFileSync(path, whole);
    }
    expect(typeof (await checkpoints.read(newest))).toBe("object");
  },
);

test("folders that are named otherwise are no checkpoints, and are left alone", async () => {
  const place = join(folder, "checkpoints");
  const checkpoints = new CheckpointFolder(place);
  const names = await checkpoints.names();
  for (const name of ["step-1-epoch-1", "step-000000001-epoch-0001; rm", ".step-tmp", "..step-x-tmp"]) {
    mkdirSync(join(place, name));
  }
  expect(await checkpoints.names()).toEqual(names);
  await checkpoints.open();
  for (const name of ["step-1-epoch-1", "step-000000001-epoch-0001; rm", ".step-tmp", "..step-x-tmp"]) {
    expect(existsSync(join(place, name))).toBe(true);
    rmSync(join(place, name), { recursive: true });
  }
});

test("a tokenizer.json is data: kinds, names and templates of it are no paths and no code", async () => {
  const code = `\${globalThis.${ran} = true}`;
  const vocab = { "../../secret": 0, [code]: 1, constructor: 2, a: 3 };
  const text = JSON.stringify({
    version: "1.0",
    added_tokens: [{ id: 4, content: `<${code}>`, special: true }],
    normalizer: null,
    pre_tokenizer: { type: "Whitespace" },
    decoder: null,
    post_processor: null,
    model: { type: "WordLevel", vocab, unk_token: "a", file: evil, module: "../../evil.mjs" },
  }).replace('"a":3', '"a":3,"__proto__":5');
  const config = { tokenizer_class: evil, auto_map: { AutoTokenizer: ["../../evil.mjs", null] }, chat_template: code };
  const before = statSync(folder).mtimeMs;
  const tokenizer = await huggingFaceTokenizer(JSON.parse(text), config);
  expect(tokenizer.decode([...tokenizer.encode("a a")])).toContain("a");
  for (const kind of ["constructor", "__proto__", "../../evil.mjs", evil, pathToFileURL(evil).href]) {
    await expect(loadTokenizer({ kind })).rejects.toThrow(DescentError);
  }
  for (const type of ["../../evil.mjs", evil, "constructor"]) {
    const strange = { ...JSON.parse(text), model: { ...JSON.parse(text).model, type } };
    await huggingFaceTokenizer(strange).catch((error: unknown) => expect(error).toBeInstanceOf(Error));
  }
  expect(statSync(folder).mtimeMs).toBe(before);
});
