import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../src/cli/run.ts";
import { workFolder, write, xor } from "./fixture.ts";

// In this process, for speed; command.test.ts starts the real command.
const folder = workFolder();
const before = { folder: process.cwd(), engine: process.env["DESCENT_ENGINE"] };

beforeAll(() => {
  process.chdir(folder);
  process.env["DESCENT_ENGINE"] = "reference";
});

afterAll(() => {
  process.chdir(before.folder);
  if (before.engine === undefined) delete process.env["DESCENT_ENGINE"];
  else process.env["DESCENT_ENGINE"] = before.engine;
});

/** What the command says of a wrong input: one line, no stack, and this exit code. */
async function expectRefusal(args: readonly string[], code: number, message: string | RegExp): Promise<void> {
  const said: unknown[] = [];
  const ended = await run(args, (error) => said.push(error));
  expect(said).toEqual([expect.stringMatching(/^Error: [^\n]+$/)]);
  if (typeof message === "string") expect(said[0]).toBe(`Error: ${message}`);
  else expect(said[0]).toMatch(message);
  expect(ended).toBe(code);
}

const CONFIGS: [name: string, content: string | object, message: string | RegExp][] = [
  ["empty.json", "", "empty.json:1:1 is not JSON: the text ends where a value is expected."],
  ["comma.json", '{\n  "data": "mnist",\n}', "comma.json:3:1 is not JSON: a comma before the closing bracket."],
  ["list.json", [], /list\.json: expected an object with name, data, /],
  ["yaml.yaml", "a: 1", "yaml.yaml is no config file. Expected a file that ends with .json, .ts, .mts, .js, .mjs."],
  ["nodata.json", xor({ data: undefined }), 'nodata.json: data is missing. Expected arrays, a file, or "mnist".'],
  ["nomodel.json", xor({ model: undefined }), "nomodel.json: model is missing. Expected a list of layers or a model."],
  ["typo.json", xor({ modle: [] }), 'typo.json: unknown option "modle"; did you mean "model"?'],
  [
    "split.json",
    xor({ split: { testsize: 1 } }),
    'split.json: split: unknown option "testsize"; did you mean "testSize"?',
  ],
  ["share.json", xor({ split: { testSize: "big" } }), "share.json: split.testSize: expected a number."],
  ["name.json", xor({ name: 7 }), "name.json: name: expected a text."],
  [
    "classes.json",
    xor({ classes: ["a", "b", "c"] }),
    "classes.json: classes holds 3 names. Expected 2, one for every class.",
  ],
  ["source.json", xor({ data: "mnits" }), /source\.json: unknown data source "mnits".* did you mean "mnist"\?$/m],
  ["datatypo.json", xor({ data: { pth: "a" } }), 'datatypo.json: data: unknown option "pth"; known are x, y.'],
  ["noy.json", xor({ data: { x: [1] } }), "noy.json: data.y is missing. Expected what to predict for each sample."],
  ["scaler.json", xor({ preprocessing: "standardscaller" }), /unknown scaler "standardscaller".* "standardScaler"\?$/m],
  ["scaleropt.json", xor({ preprocessing: { kind: "minMaxScaler", clap: 1 } }), /minMaxScaler.*"clap".* "clip"\?$/m],
  [
    "kind.json",
    xor({ model: [{ kind: "dens", units: 1 }] }),
    /kind\.json: model\[0\]: unknown layer "dens".* "dense"\?$/m,
  ],
  ["nokind.json", xor({ model: [{ units: 1 }] }), /nokind\.json: model\[0\]\.kind: expected a text/],
  ["layers.json", xor({ model: [] }), "layers.json: model has no layers. Expected at least one."],
  ["units.json", xor({ model: [{ kind: "dense", unts: 1 }] }), /units\.json: model\[0\]: .*"unts"/],
  [
    "between.json",
    xor({ model: [{ kind: "dense", units: 8 }, { kind: "conv2d", filters: 4, kernelSize: 3 }] }), // biome-ignore format: one line
    /between\.json: model: conv2d_1 .*\[8\]/,
  ],
  ["loss.json", xor({ compile: { optimizer: "adam", loss: "mse" } }), /loss\.json: unknown loss "mse"/],
  ["adm.json", xor({ compile: { optimizer: "adm", loss: "huber" } }), /unknown optimizer "adm".* "adam"\?$/m],
  ["compile.json", xor({ compile: { optimiser: "adam" } }), /"optimiser".* did you mean "optimizer"\?$/m],
  ["fit.json", xor({ fit: { epoks: 3 } }), /fit\.json: .*"epoks".* did you mean "epochs"\?$/m],
  ["stop.json", xor({ fit: { stopWhen: { los: 1 } } }), /stop\.json: .*"los".* did you mean "loss"\?$/m],
  ["call.json", xor({ fit: { callbacks: [{ kind: "earlyStoping" }] } }), /"earlyStoping".* "earlyStopping"\?$/m],
  ["shape.json", xor({ model: [{ kind: "dense", units: 1, inputShape: [3] }] }), /x has shape \[4, 2\].*\[3\]/],
];

describe("configs (exit code 2)", () => {
  beforeAll(() => {
    write(folder, Object.fromEntries(CONFIGS.map(([name, content]) => [name, content])));
    mkdirSync(join(folder, "folder.ts"), { recursive: true });
  });

  test.each(CONFIGS)("%s", (name, _, message) => expectRefusal(["train", name], 2, message));

  test("a file that is not there", () =>
    expectRefusal(
      ["train", "tpyo.json"],
      2,
      'there is no file tpyo.json. Expected a config file. Fix: did you mean "typo.json"?',
    ));

  test("what is not there, and no config by its name", () =>
    expectRefusal(
      ["train", "phtos"],
      2,
      "there is no file phtos. Expected a table, a text, a folder of images or a config.",
    ));

  test("a folder", () => expectRefusal(["train", "folder.ts"], 2, "folder.ts is a folder. Expected a config file."));
});

const csv = (path: string, more: object = {}) => xor({ data: { path, ...more }, split: undefined });

const DATA: [name: string, files: Record<string, string | object>, message: string | RegExp][] = [
  ["missing", { "missing.json": csv("nothing.csv") }, /there is no file .*nothing\.csv/],
  [
    "text",
    { "text.json": csv("text.csv"), "text.csv": "a,b\n1,2\n3,cat\n" },
    /text\.csv:3, column "b": "cat" is not a number/,
  ],
  [
    "column",
    { "column.json": csv("c.csv", { target: "prise" }), "c.csv": "size,price\n1,2\n" },
    /did you mean "price"\?$/m,
  ],
  ["kind", { "kind.json": csv("kind.xlsx"), "kind.xlsx": "" }, /kind\.xlsx is no data file/],
  [
    "brokenjson",
    { "brokenjson.json": csv("b.json"), "b.json": '{"x": [1, 2' },
    /b\.json:1:12 is not JSON: the text ends/,
  ],
  ["nox", { "nox.json": csv("n.json"), "n.json": { X: 1 } }, /n\.json has no "x"/],
  ["empty", { "empty.json": xor({ data: { x: [], y: [] } }) }, "data.x is empty. Expected at least one sample."],
  ["strings", { "strings.json": xor({ data: { x: [[1, "2"]], y: [1] } }) }, /data\.x\[0\]\[1\] is the text "2"/],
  ["ragged", { "ragged.json": xor({ data: { x: [[1, 2], [3]], y: [1, 0] } }) }, /data\.x\[1\] is a list of 1/],
  [
    "lengths",
    { "lengths.json": xor({ data: { x: [[1, 2]], y: [1, 0] } }) },
    "x has 1 samples and y has 2. Expected one y for every x.",
  ],
  [
    "labels",
    { "labels.json": xor({ data: { x: [[1], [2]], y: [0, 9] }, model: [{ kind: "dense", units: 3, activation: "softmax" }], compile: { optimizer: "adam", loss: "sparseCategoricalCrossentropy" } }) }, // biome-ignore format: one line
    /labels\.json: y holds the label 9 at sample 1\. Expected labels 0\.\.2/,
  ],
  [
    "scalar",
    { "scalar.json": xor({ data: { x: [[[1]], [[2]]], y: [[[0]], [[1]]] }, preprocessing: "robustScaler" }) },
    /preprocessing got samples of shape \[1, 1\]/,
  ],
];

describe("data (exit code 3)", () => {
  beforeAll(() => {
    for (const [name, files] of DATA) write(join(folder, "data", name), files);
  });

  test.each(DATA)("%s", (name, _, message) => expectRefusal(["train", `data/${name}/${name}.json`], 3, message));
});

describe("saved models (exit code 3)", () => {
  beforeAll(() => write(folder, { "t.json": { x: [[1, 2]], y: [1] }, "foreign/model.json": { hello: "world" } }));

  test("a folder that is not there", () =>
    expectRefusal(
      ["evaluate", "nowhere", "t.json"],
      3,
      "there is no folder nowhere. Expected a folder that descent train or model.save wrote.",
    ));

  test("a file", () => expectRefusal(["predict", "t.json", "t.json"], 3, /t\.json is a file\./));

  test("a foreign folder", () => expectRefusal(["predict", "foreign", "t.json"], 3, /foreign/));
});

describe("failures while running (exit code 1), and what only models of tables take (2)", () => {
  beforeAll(async () => {
    const explode = { optimizer: { kind: "sgd", learningRate: 1e30 }, loss: "meanSquaredError" };
    const model = [
      { kind: "dense", units: 2, name: "first" },
      { kind: "dense", units: 1, name: "second" },
    ];
    write(folder, {
      "nanloss.json": xor({ compile: explode, model, fit: { epochs: 50 } }),
      "good.json": xor(),
      "pairs.json": new Array(3000).fill([0, 1]),
    });
    expect(await run(["train", "good.json", "-q", "-o", "trained"])).toBe(0);
  });

  test("a loss that is no number names where it arose", () =>
    expectRefusal(["train", "nanloss.json"], 1, /loss .*(NaN|[Ii]nfin).*(first|second)/));

  test("an output folder that can't be made", () =>
    expectRefusal(["train", "good.json", "-o", "good.json/out"], 1, /nothing can be written to .*good\.json.out: /));

  test.for(["evaluate", "predict"])("%s with --memory, where a model is none of tables", (name) =>
    expectRefusal([name, "trained", "pairs.json", "--memory", "1GB"], 2, /the model is none of tables.*no --memory/),
  );

  test.for<[string, string, RegExp]>([
    ["a read-only folder", "ro", /nothing can be written to .*read-only/],
    ["a full disk", "size=12k", /(no space|disk is full)/i],
  ])("%s", async ([, options, message], { skip }) => {
    const disk = join(folder, options);
    mkdirSync(disk);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk]).status === 0;
    if (!mounted) skip("mounting a small tmpfs needs a superuser");
    try {
      await expectRefusal(["train", "good.json", "-o", join(disk, "out")], 1, message);
      const predict = ["predict", "trained", "pairs.json", "-o", join(disk, "answers.csv")];
      await expectRefusal(predict, 1, /answers\.csv could not be written: the /);
    } finally {
      spawnSync("umount", [disk]);
    }
  });
});
