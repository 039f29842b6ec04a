import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, openAsBlob, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadModel } from "../../src/index.ts";
import { sha256Digest } from "../../src/train/save/sha256.ts";
import { unzip, zipBlob } from "../../src/train/save/zip.ts";
import { allWeights, classifier, lineData } from "./fixture.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-places-"));
const saved = join(scratch, "model");
const names = ["model.json", "weights.safetensors", "optimizer.safetensors"];
const trained = classifier();
const { x, y } = lineData(12);

beforeAll(async () => {
  trained.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
  await trained.fit(x, y, { epochs: 1, verbose: 0 });
  await trained.save(saved);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const contentOf = (name: string) => readFileSync(join(saved, name));
const fileOf = (name: string, content: Uint8Array = contentOf(name)) => new File([new Uint8Array(content)], name);
const parts = () => names.map((name) => ({ name, data: contentOf(name) }));

describe("places for models", () => {
  test("a file: URL is a folder", async () => {
    const url = pathToFileURL(join(scratch, "a folder"));
    await trained.save(url);
    expect(allWeights(await loadModel(url))).toEqual(allWeights(trained));
    expect(allWeights(await loadModel(url.href))).toEqual(allWeights(trained));
  });

  test.each([
    ["s3://bucket/model", /unknown place for models: "s3:\/\/". Expected one of indexeddb:/],
    ["indexedb://model", /did you mean "indexeddb:\/\/"/],
    ["indexeddb://", /Expected a name after indexeddb:\/\//],
    ["indexeddb://model", /there is no IndexedDB here/],
    ["downloads://model", /no page may read the downloads|only a page can download/],
    ["", /got "". Expected a folder/],
    [7, /got 7. Expected a folder|got 7/],
  ])("%j is refused here", async (place, message) => {
    await expect(trained.save(place as string)).rejects.toThrow(message);
    await expect(loadModel(place as string)).rejects.toThrow(message);
  });

  test("nothing is saved to a server", async () => {
    await expect(trained.save("https://localhost/model")).rejects.toThrow(/a place that can be written. Fix: save to/);
  });
});

describe("a model on a server", () => {
  const answers = new Map<string, { status?: number; type?: string; body: Uint8Array; announce?: number }>();
  const server = createServer((request, response) => {
    const answer = answers.get(request.url ?? "");
    if (!answer) return void response.writeHead(404).end("<h1>Not found</h1>");
    const length = answer.announce ?? answer.body.length;
    response.writeHead(answer.status ?? 200, { "Content-Type": answer.type ?? "", "Content-Length": length });
    response.write(answer.body);
    if (length > answer.body.length) response.flushHeaders();
    setTimeout(() => (length > answer.body.length ? response.destroy() : response.end()), 20);
  });
  let url = "";
  beforeAll(async () => {
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    for (const name of names) answers.set(`/models/line/${name}`, { body: contentOf(name) });
    for (const name of names) answers.set(`/models/line/${name}?key=1`, { body: contentOf(name) });
  });
  afterAll(() => void server.close());

  test.each(["/models/line", "/models/line/", "/models/line/model.json", "/models/line/?key=1", "/models/line#top"])(
    "is found at %s",
    async (path) => {
      const loaded = await loadModel(`${url}${path}`);
      expect(allWeights(loaded)).toEqual(allWeights(trained));
      expect(await loaded.evaluate(x, y)).toEqual(await trained.evaluate(x, y));
    },
  );

  const weights = "weights.safetensors";
  const flipped = () => contentOf(weights).map((byte, i) => (i === 200 ? byte ^ 1 : byte));
  test.each([
    ["is not there", "model.json", undefined, /no model in http:.*model.json: the server answered 404 Not Found/],
    ["has no weights", weights, undefined, /weights.safetensors cannot be read: the server answered 404/],
    [
      "is a page",
      "model.json",
      { type: "text/html", body: Buffer.from("<!doctype html>") },
      /answered with a web page/,
    ],
    ["is something else", "model.json", { body: Buffer.from("hello") }, /model.json is not JSON/],
    [
      "has short weights",
      weights,
      () => ({ body: contentOf(weights).subarray(0, 100) }),
      /has 100 bytes. Expected \d+ b/,
    ],
    [
      "has long weights",
      weights,
      () => ({ body: Buffer.concat([contentOf(weights), Buffer.alloc(9e4)]) }),
      /bytes or more/,
    ],
    ["has damaged weights", weights, () => ({ body: flipped() }), /its checksum is not the one in model.json/],
    [
      "breaks off",
      weights,
      () => ({ body: contentOf(weights).subarray(0, 100), announce: 9999 }),
      /broke off after 100 b/,
    ],
    ["is forbidden", "model.json", { status: 403, body: Buffer.alloc(0) }, /answered 403 Forbidden/],
  ])("that %s is refused in words", async (_, name, answer, message) => {
    for (const each of names) answers.set(`/odd/${each}`, { body: contentOf(each) });
    const given = typeof answer === "function" ? answer() : answer;
    if (given) answers.set(`/odd/${name}`, given);
    else answers.delete(`/odd/${name}`);
    await expect(loadModel(`${url}/odd/`)).rejects.toThrow(message);
  });

  test("that cannot be reached is refused in words", async () => {
    await expect(loadModel("http://127.0.0.1:1/model")).rejects.toThrow(/cannot be reached, or does not allow/);
  });
});

describe("a model in files that a user picked", () => {
  test("is found among others", async () => {
    const files = [new File(["hello"], "README.md"), ...names.map((name) => fileOf(name))];
    expect(allWeights(await loadModel(files))).toEqual(allWeights(trained));
  });

  test("is found in an archive, with and without its name", async () => {
    const archive = zipBlob("line", parts());
    for (const picked of [archive, [archive], new File([archive], "line (1).zip")]) {
      expect(allWeights(await loadModel(picked))).toEqual(allWeights(trained));
    }
  });

  test.each([
    ["no files", () => [], /got no files/],
    [
      "no model",
      () => [new File(["a"], "a.txt"), new File(["b"], "b.txt")],
      /no model in the files picked: model.json/,
    ],
    ["its weights missing", () => [fileOf("model.json"), new File([], "b")], /weights.safetensors cannot be read/],
    ["short weights", () => [fileOf("model.json"), fileOf("weights.safetensors", Buffer.alloc(9))], /has 9 bytes. Exp/],
    ["two models", () => [fileOf("model.json"), fileOf("model.json")], /two files named model.json/],
    ["blobs without names", () => [new Blob(["a"]), new Blob(["b"])], /several blobs without names/],
    ["something else", () => [{ name: "model.json" }], /got {"name":"model.json"}. Expected/],
    ["a broken archive", () => [new File(["PK and so on"], "line.zip")], /line.zip is no whole ZIP archive/],
  ])("with %s is refused in words", async (_, files, message) => {
    await expect(loadModel(files() as Blob[])).rejects.toThrow(message);
  });
});

describe("archives", () => {
  test("are read by other programs", async (context) => {
    const path = join(scratch, "line.zip");
    writeFileSync(path, new Uint8Array(await zipBlob("line", parts()).arrayBuffer()));
    const script =
      "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), *z.namelist()); z.extractall(sys.argv[2])";
    const { status, stdout } = spawnSync("python3", ["-c", script, path, scratch], { encoding: "utf8" });
    context.skip(status === null, "needs python3");
    expect(stdout.trim()).toBe(`None ${names.map((name) => `line/${name}`).join(" ")}`);
    expect(allWeights(await loadModel(join(scratch, "line")))).toEqual(allWeights(trained));
    expect(allWeights(await loadModel(await openAsBlob(path)))).toEqual(allWeights(trained));
  });

  test("cut short or changed in their directory are refused", async () => {
    const archive = zipBlob("line", parts());
    await expect(unzip(archive.slice(0, archive.size - 1), "a.zip")).rejects.toThrow(/a.zip is no whole ZIP archive/);
    const bytes = new Uint8Array(await archive.arrayBuffer());
    const start = new DataView(bytes.buffer).getUint32(bytes.length - 6, true);
    const changed = (at: number, value: number) => new Blob([bytes.map((byte, i) => (i === at ? value : byte))]);
    await expect(unzip(changed(start, 0), "a.zip")).rejects.toThrow(/damaged ZIP archive/);
    await expect(unzip(changed(start + 10, 8), "a.zip")).rejects.toThrow(/line\/model.json is compressed/);
    await expect(unzip(changed(start + 28, 255), "a.zip")).rejects.toThrow(/damaged ZIP archive/);
    await expect(unzip(changed(start + 42, 1), "a.zip")).rejects.toThrow(/damaged ZIP archive/);
  });
});

test("SHA-256 without the host's own is SHA-256", () => {
  for (const size of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
    const bytes = randomBytes(size);
    expect(Buffer.from(sha256Digest(bytes)).toString("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
  }
});
