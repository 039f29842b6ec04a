import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { CLONE, descent, workFolder, write, xor } from "./fixture.ts";

// The real command, in a process of its own.
const folder = workFolder();

describe.concurrent("what is wrong is said on one line", () => {
  const wrong: [args: string[], code: number, message: string | RegExp, files?: Record<string, string | object>][] = [
    [["trian"], 2, "unknown command 'trian' (Did you mean train?) (--help shows what is known)"],
    [["train"], 2, "missing required argument 'source' (--help shows what is known)"],
    [
      ["train", "x", "--epoks", "3"],
      2,
      "unknown option '--epoks' (Did you mean --epochs?) (--help shows what is known)",
    ],
    [
      ["train", "x", "--epochs", "few"],
      2,
      "option '-e, --epochs <number>' argument 'few' is invalid. Expected a whole number. (--help shows what is known)",
    ],
    [
      ["train", "x", "--precision", "half"],
      2,
      "option '--precision <name>' argument 'half' is invalid. Expected float32 or bfloat16. (--help shows what is known)",
    ],
    [
      ["train", "comma.json"],
      2,
      "comma.json:3:1 is not JSON: a comma before the closing bracket.",
      { "comma.json": '{\n  "data": "mnist",\n}' },
    ],
    [
      ["train", "syntax.ts"],
      2,
      /the config could not be run: syntax\.ts:2:8: Unexpected ","/,
      { "syntax.ts": "export default {\n  data: ,\n};" },
    ],
    [
      ["train", "throw.ts"],
      2,
      /could not be run: throw\.ts:3:\d+: not today/,
      { "throw.ts": '\nconst n: number = 1;\nthrow new Error("not today");' },
    ],
    [
      ["train", "import.ts"],
      2,
      /could not be run: .*Cannot find module .*nothing\.ts/,
      { "import.ts": 'import "./nothing.ts";' },
    ],
    [
      ["train", "none.ts"],
      2,
      "none.ts has no default export. Expected export default defineConfig({ ... }).",
      { "none.ts": "export const config = {};" },
    ],
    [
      ["train", "nomodel.ts"],
      2,
      /nomodel\.ts: model is no model\./,
      { "nomodel.ts": "export default { data: { x: [1], y: [1] }, model: () => 5 };" },
    ],
    [
      ["train", "nan.ts"],
      3,
      /data\(\)\.x\[1\]\[0\] is NaN/,
      { "nan.ts": "export default { data: () => ({ x: [[1], [Number.NaN]], y: [0, 1] }), model: [] };" },
    ],
    [
      ["train", "thrown.ts"],
      3,
      /thrown\.ts: data\(\): offline/,
      { "thrown.ts": 'export default { data: () => { throw new Error("offline"); }, model: [] };' },
    ],
  ];

  test.each(wrong)("%j", async (args, code, message, files = {}) => {
    write(folder, files);
    const ended = await descent(folder, args);
    expect(ended.stderr).toMatch(/^Error: [^\n]+\n$/);
    if (typeof message === "string") expect(ended.stderr).toBe(`Error: ${message}\n`);
    else expect(ended.stderr).toMatch(message);
    expect(ended.code).toBe(code);
  });

  test("with DESCENT_DEBUG=1, its stack is shown", async () => {
    const ended = await descent(folder, ["train", "nothing.json"], undefined, { DESCENT_DEBUG: "1" });
    expect(ended.stderr).toMatch(/CliError: there is no file nothing\.json.*\n {4}at /);
    expect(ended.code).toBe(2);
  });
});

describe.concurrent("help", () => {
  test.each(
    [[], ["train"], ["evaluate"], ["predict"], ["generate"], ["export"], ["runs"], ["doctor"]].map((command) => [
      command,
    ]),
  )("%j", async (command) => {
    const { code, stdout, stderr } = await descent(folder, [...command, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await expect(stdout).toMatchFileSnapshot(`help/${["descent", ...command].join("-")}.txt`);
  });

  test("the version is that of the package", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await descent(folder, ["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("without a command, help on the error stream and exit code 2", async () => {
    const ended = await descent(folder, []);
    expect(ended.stderr).toMatch(/^Usage: descent /);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("from a table to answers", () => {
  /** y = 2 a - b, in lines of the given numbers. */
  const lines = (rows: number[][]) => rows.map(([a = 0, b = 0]) => `${a},${b},${2 * a - b}\n`).join("");
  const numbers = Array.from({ length: 40 }, (_, i) => [(i * 7) % 11, (i * 5) % 13]);
  let trained: Awaited<ReturnType<typeof descent>>;

  beforeAll(async () => {
    write(folder, {
      "table/line.json": {
        name: "A <plane>",
        data: { path: "line.csv", target: "y" },
        preprocessing: ["standardScaler"],
        model: [{ kind: "dense", units: 1 }],
        compile: { optimizer: { kind: "adam", learningRate: 0.3 }, loss: "meanSquaredError", metrics: ["r2"] },
        fit: { epochs: 60, batchSize: 8, validationSplit: 0.2, callbacks: [{ kind: "earlyStopping", patience: 50 }] },
        output: "made",
        seed: 3,
      },
      "table/line.csv": `a,b,y\n${lines(numbers)}`,
      "table/other.csv": `y,b,id,a\n${numbers.map(([a = 0, b = 0], i) => `${2 * a - b},${b},${i},${a}\n`).join("")}`,
      "table/new.csv": "b,a\n0,1\n3,10\n",
    });
    trained = await descent(folder, ["train", "table/line.json"]);
  });

  test("train prints the engine, progress, the result, and what it wrote", () => {
    expect(trained.stderr).toBe("");
    expect(trained.code).toBe(0);
    expect(trained.stdout).toMatch(/^Data: 40 samples of shape \[2\], from line\.csv\nEngine reference: /);
    expect(trained.stdout).toMatch(/Epoch 60\/60 {2}loss \S+ {2}r2 \S+ {2}valLoss/);
    expect(trained.stdout).toMatch(/\nTest R² {8}1\.0000\nTest loss /);
    for (const file of ["model", "metrics.json", "report.html"]) {
      expect(trained.stdout).toContain(`Wrote ${join("table/made", file)}\n`);
      expect(existsSync(join(folder, "table/made", file))).toBe(true);
    }
  });

  test("metrics.json holds facts, history and the test", () => {
    const metrics = JSON.parse(readFileSync(join(folder, "table/made/metrics.json"), "utf8"));
    expect(metrics).toMatchObject({ seed: 3, epochs: 60, trainSamples: 25, stopped: "epochs", test: { samples: 8 } });
    expect(metrics.regression.r2).toBeGreaterThan(0.99);
    expect(metrics.history.valLoss).toHaveLength(60);
  });

  test("report.html has the title, the curves and the scatter", () => {
    const html = readFileSync(join(folder, "table/made/report.html"), "utf8");
    expect(html).toContain("<h1>A &lt;plane&gt;</h1>");
    expect(html.match(/<svg/g)).toHaveLength(3); // loss, R², predicted against true
  });

  test("evaluate finds the columns by their names, whatever their order", async () => {
    const ended = await descent(folder, ["evaluate", "table/made/model", "table/other.csv", "--json"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const { samples, r2, loss } = JSON.parse(ended.stdout);
    expect(samples).toBe(40);
    expect(r2).toBeGreaterThan(0.99);
    expect(loss).toBeLessThan(0.5);
  });

  test("predict prints CSV and undoes nothing but the scaling", async () => {
    const ended = await descent(folder, ["predict", "table/made", "table/new.csv"]);
    const [head, first, second] = ended.stdout.split("\n");
    expect(head).toBe("y");
    expect(Number(first)).toBeCloseTo(2, 0);
    expect(Number(second)).toBeCloseTo(17, 0);
  });

  test("predict writes JSON", async () => {
    const ended = await descent(folder, ["predict", "table/made", "table/new.csv", "-o", "answers/a.json"]);
    expect(ended).toMatchObject({ code: 0, stdout: "Wrote 2 predictions to answers/a.json\n" });
    const { shape, predictions } = JSON.parse(readFileSync(join(folder, "answers/a.json"), "utf8"));
    expect(shape).toEqual([2, 1]);
    expect(predictions[0][0]).toBeCloseTo(2, 0);
  });

  test("data that do not fit the model are refused", async () => {
    write(folder, { "wide.json": { x: [[1, 2, 3]], y: [1] }, "short.csv": "a,y\n1,2\n" });
    const wide = await descent(folder, ["evaluate", "table/made", "wide.json"]);
    expect(wide.stderr).toMatch(/^Error: .*3 columns.*Expected 2.*\n$/);
    expect(wide.code).toBe(3);
    const short = await descent(folder, ["predict", "table/made", "short.csv"]);
    expect(short.stderr).toMatch(/^Error: short\.csv has no column "b"\./);
    expect(short.code).toBe(3);
  });
});

describe("pictures of classes", () => {
  /** 3 x 3 pictures with one bright column, a few of them wrongly labeled: the column is the class. */
  const pictures = Array.from({ length: 60 }, (_, i) =>
    Array.from({ length: 3 }, () => Array.from({ length: 3 }, (_, column) => [column === i % 3 ? 0.9 : 0.1])),
  );
  const labels = pictures.map((_, i) => (i % 20 === 7 ? 0 : i % 3)); // sample 7, 27 and 47 show 1, 0 and 2

  beforeAll(async () => {
    write(folder, {
      "bars.json": {
        data: { x: pictures, y: labels },
        classes: ["left", "middle", "right"],
        split: { testSize: 20, shuffle: false },
        model: [{ kind: "flatten" }, { kind: "dense", units: 3, activation: "softmax" }],
        compile: {
          optimizer: { kind: "adam", learningRate: 0.1 },
          loss: "sparseCategoricalCrossentropy",
          metrics: ["accuracy", "confusionMatrix"],
        },
        fit: { epochs: 60 },
        output: "bars",
      },
    });
    expect(await descent(folder, ["train", "bars.json", "--quiet"])).toMatchObject({ code: 0, stderr: "" });
  });

  test("the confusion matrix counts the test samples only, as the model's own metric does", () => {
    const { test: tested, confusion, history } = JSON.parse(readFileSync(join(folder, "bars/metrics.json"), "utf8"));
    const [expected, found] = [labels.slice(40), pictures.slice(40).map((_, i) => (i + 40) % 3)];
    const counts = [0, 1, 2].map((label) =>
      [0, 1, 2].map((seen) => expected.filter((own, i) => own === label && found[i] === seen).length),
    );
    expect(confusion).toEqual(counts);
    expect(tested).toMatchObject({ samples: 20, accuracy: 0.95 });
    expect(history.loss).toHaveLength(60);
  });

  test("the report shows the mistake as a picture with its names", () => {
    const html = readFileSync(join(folder, "bars/report.html"), "utf8");
    expect(html.match(/<img /g)).toHaveLength(1);
    expect(html).toContain('alt="Picture of class left, taken for right"');
    expect(html).toContain("95.00 % right on 20 test samples.");
  });

  test("predict names the class and gives every probability", async () => {
    write(folder, { "bar.json": { x: pictures.slice(1, 2) } });
    const { stdout } = await descent(folder, ["predict", "bars", "bar.json"]);
    expect(stdout).toMatch(/^class,left,middle,right\nmiddle,0\.\d+,0\.\d+,0\.\d+\n$/);
  });
});

describe("TypeScript configs", () => {
  test.each([
    ["the package", undefined],
    ["a clone", CLONE],
  ])('share "descent" with the command of %s, need no installation, and name classes', async (_, program) => {
    write(folder, {
      "ts/data.ts": "export const y: number[] = [0, 1, 1, 0];",
      "ts/xor.config.ts": `
        import { callbacks, layers, sequential, tensor } from "descent";
        import { defineConfig } from "descent/cli";
        import { y } from "./data.ts";
        const x = await Promise.resolve(tensor([[0, 0], [0, 1], [1, 0], [1, 1]]));
        export default defineConfig({
          data: () => ({ x, y }),
          classes: ["same", "different"],
          split: false,
          model: ({ inputShape, seed }) =>
            sequential([layers.dense(8, { activation: "tanh", inputShape }), layers.dense(1, { activation: "sigmoid" })], { seed }),
          compile: { optimizer: { kind: "adam", learningRate: 0.05 }, loss: "binaryCrossentropy", metrics: ["accuracy"] },
          fit: { epochs: 300, stopWhen: { loss: 0.05 }, callbacks: [callbacks.earlyStopping({ monitor: "loss", patience: 99 })] },
        });`,
      "ts/x.json": [
        [0, 1],
        [1, 1],
      ],
    });
    const ended = await descent(
      folder,
      ["train", "ts/xor.config.ts", "--quiet", "--output", "quiet"],
      undefined,
      {},
      program,
    );
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toMatch(/^\nTraining accuracy {2}100\.00 %\n/);
    expect(ended.stdout).toMatch(/\ndifferent +100\.00 % +100\.00 % +100\.00 % +2\n/);
    const answers = await descent(folder, ["predict", "quiet", "ts/x.json"], undefined, {}, program);
    expect(answers.stdout).toMatch(/^class,different\ndifferent,0\.9\d+\nsame,0\.0\d+\n$/);
  });
});

describe("Ctrl-C", () => {
  test("ends the training after its step, saves the model, says where, and answers 130", async () => {
    write(folder, { "long.json": xor({ fit: { epochs: 1e7, verbose: 1 }, output: "cut" }) });
    let sent = false;
    const ended = await descent(folder, ["train", "long.json"], (soFar, kill) => {
      if (!sent && soFar.includes("\nEpoch")) kill("SIGINT");
      sent ||= soFar.includes("\nEpoch");
    });
    expect(ended).toMatchObject({ code: 130, stderr: "" });
    expect(ended.stdout).toMatch(/Interrupted: saved to .*cut.model/);
    write(folder, { "one.json": [[0, 1]] });
    expect(await descent(folder, ["predict", "cut", "one.json"])).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("doctor", () => {
  test("shows versions, machine, engines and the self-test", async () => {
    const { code, stdout, stderr } = await descent(folder, ["doctor"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const part of ["Versions", "Machine", "Engines", "cores", "koffi", "Self-test of reference"]) {
      expect(stdout).toContain(part);
    }
    expect(stdout).toMatch(/Self-test passed in /);
  });

  test("without a compiler it says what to install, and what runs instead", async () => {
    const env = { PATH: folder, DESCENT_ENGINE: "auto", CC: "" };
    const { code, stdout } = await descent(folder, ["doctor"], undefined, env);
    expect(stdout).toMatch(/✗ native: no C compiler was found.* Fix: (install|use) /);
    expect(stdout).toContain("Trainings use wasm.");
    expect(code).toBe(0);
  });

  test("a little training needs no compiler, and says what it runs on", async () => {
    write(folder, { "slow.json": xor({ output: "slow" }) });
    const env = { PATH: folder, DESCENT_ENGINE: "auto", CC: "" };
    const { code, stdout, stderr } = await descent(folder, ["train", "slow.json"], undefined, env);
    expect(stdout).toMatch(/^Engine wasm: \d+ threads?, 128-bit vectors.*; so little work needs no C compiler$/m);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test.each([
    [{ DESCENT_ENGINE: "refrence" }, 'unknown engine in DESCENT_ENGINE: "refrence"'],
    [
      { DESCENT_ENGINE: "native", PATH: workFolder(), CC: "" },
      "the native engine can't run here: no C compiler was found",
    ],
  ])("what is wrong with the machine is not the config's fault: %j", async (env, message) => {
    write(folder, { "fine.json": xor(), "fine/model.json": {}, "fine-x.json": [[0, 1]] });
    for (const args of [
      ["train", "fine.json"],
      ["predict", "fine", "fine-x.json"],
    ]) {
      const ended = await descent(folder, args, undefined, env);
      expect(ended.stderr).toMatch(/^Error: [^\n]+\n$/);
      expect(ended.stderr.startsWith(`Error: ${message}`)).toBe(true);
      expect(ended.code).toBe(2);
    }
  });

  test("a cache folder that others can write to is refused, and the exit code says so", async () => {
    const open = join(folder, "open-cache");
    mkdirSync(open);
    chmodSync(open, 0o777);
    const env = { DESCENT_ENGINE: "auto", DESCENT_CACHE: open };
    const { code, stdout } = await descent(folder, ["doctor"], undefined, env);
    expect(stdout).toMatch(/✗ native: (other users can write to .*open-cache|no C compiler)/);
    expect(code).toBe(stdout.includes("no C compiler") ? 0 : 1);
  });

  test("as JSON", async () => {
    const diagnosis = JSON.parse((await descent(folder, ["doctor", "--json"])).stdout);
    expect(diagnosis.machine.cores).toBeGreaterThan(0);
    expect(diagnosis.selfTest.trials).toHaveLength(8);
    expect(diagnosis.selfTest.passed).toBe(true);
  });
});
