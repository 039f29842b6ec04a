import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { predictCommand } from "../../src/cli/commands/predict.ts";
import { type TrainImagesArguments, trainImagesCommand } from "../../src/cli/images/train.ts";
import { descent, workFolder, write } from "./fixture.ts";
import { picture, placeOf, writeBars } from "./samples.ts";

const folder = workFolder();
const wasm = { DESCENT_ENGINE: "wasm", DESCENT_THREADS: "1" };

beforeAll(() => {
  writeBars(folder);
  mkdirSync(join(folder, "bars", ".hidden"));
  writeFileSync(join(folder, "bars/across/broken.png"), picture("across", 1).subarray(0, 40));
  writeFileSync(join(folder, "bars/across/copy.png"), picture("across", 3));
  writeFileSync(join(folder, "few.csv"), "file,kind\nacross/1.png,across\n");
});

test("a folder of images becomes a model that is tested, explained and used", async () => {
  const trained = await descent(folder, ["train", "bars", "--epochs", "10", "--csv", "log.csv"], undefined, wasm);
  expect(trained.stderr).toBe("");
  expect(trained.code).toBe(0);
  expect(trained.stdout).toContain("2 classes, 122 images of bars");
  expect(trained.stdout).toContain("1 that cannot be read left out: bars/across/broken.png");
  expect(trained.stdout).toContain("exact copies of others left out");
  const run = (name: string) => readFileSync(join(folder, "runs/bars", name), "utf8");
  const metrics = JSON.parse(run("metrics.json"));
  expect(metrics.chosen).toBe("network");
  expect(metrics.test.accuracy).toBeGreaterThan(0.8);
  expect(metrics.test.accuracy).toBeGreaterThan(metrics.baselines.constant.accuracy);
  expect(metrics.plan).toMatchObject({ size: [8, 8], channels: 1, fit: "fill", batchSize: 32 });
  expect(JSON.parse(run("run.json"))).toMatchObject({ kind: "images", status: "finished", seed: 0, source: "bars" });
  expect(existsSync(join(folder, "runs/bars/checkpoints"))).toBe(false);
  expect(run("report.html")).toMatch(
    /Against simple answers[\s\S]*What it recognizes[\s\S]*Calibration[\s\S]*Thresholds[\s\S]*The data/,
  );
  expect(run("predictions.csv").trim().split("\n").length).toBe(1 + metrics.images.test);
  expect(readFileSync(join(folder, "log.csv"), "utf8").split("\n")[0]).toMatch(/^epoch,.*valAccuracy$/);
  expect(run("train.ts")).toContain(
    'layers.conv2d(16, 3, { padding: "same", useBias: false, kernelInitializer: "heNormal" })',
  );

  const path = (name: string) => join(folder, name);
  await predictCommand(path("runs/bars"), path("bars/upright"), { output: path("answers.csv") });
  const [heading, ...lines] = readFileSync(path("answers.csv"), "utf8").trim().split("\n");
  expect(heading).toBe("path,class,p(across),p(upright)");
  expect(lines.length).toBe(60);
  expect(lines.filter((line) => line.split(",")[1] === "upright").length).toBeGreaterThan(45);
  await predictCommand(path("runs/bars/model"), path("bars/upright/7.png"), { output: path("one.json") });
  expect(JSON.parse(readFileSync(path("one.json"), "utf8"))).toMatchObject([{ path: "7.png", class: "upright" }]);

  // The program that was written makes the same model again (as a config, it exports nothing).
  const again = await descent(folder, ["train", "runs/bars/train.ts"], undefined, wasm);
  expect(again.stderr).toMatch(/train\.ts has no default export/);
  expect(again.stdout).toContain(`accuracy: ${metrics.test.accuracy}`);
  const few = ["--labels", "few.csv", "--path", "file", "--target", "kind", "--json"];
  const evaluated = await descent(folder, ["evaluate", "runs/bars/edited-model", "bars", ...few], undefined, wasm);
  expect(JSON.parse(evaluated.stdout)).toMatchObject({ samples: 1, left: 0 });
});

const told = (...targets: string[]) => [
  "--labels",
  "told.csv",
  "--path",
  "file",
  ...targets.flatMap((name) => ["--target", name]),
];

/** Trains on the table's targets, and runs the program that was written: figures, report and what the program says. */
async function trainTold(name: string, targets: readonly string[], more: readonly string[] = []) {
  const args = ["train", "bars", ...told(...targets), "--output", name, "--no-augment", ...more];
  const { stderr, stdout } = await descent(folder, args, undefined, wasm);
  expect(stderr).toBe("");
  const read = (file: string) => readFileSync(join(folder, name, file), "utf8");
  const again = await descent(folder, ["train", `${name}/train.ts`], undefined, wasm);
  expect(again.stderr).toMatch(/train\.ts has no default export/);
  return { stdout, metrics: JSON.parse(read("metrics.json")), read, again: again.stdout };
}

test("numbers of images are a regression, in their own units", async () => {
  const more = ["--epochs", "30", "--task", "regression"];
  const { stdout, metrics, read, again } = await trainTold("places", ["place"], more);
  expect(stdout).toContain("Regression of images: place (asked for), 120 images of bars");
  expect(stdout).toContain("1 without a known target left out");
  expect(metrics.target).toEqual({ name: "place", task: "regression", because: "asked for" });
  expect(metrics.test.r2).toBeGreaterThan(0.7);
  expect(metrics.baselines.constant.r2).toBeLessThan(0.05);
  expect(metrics.test.rootMeanSquaredError).toBeLessThan(metrics.baselines.constant.rootMeanSquaredError);
  expect(read("report.html")).toMatch(/always the mean[\s\S]*Predicted against true[\s\S]*Residuals/);
  expect(read("predictions.csv").split("\n")[0]).toBe("path,place,predicted");
  const absolute = Number(/meanAbsoluteError: ([\d.]+)/.exec(again)?.[1]);
  expect(absolute / metrics.test.meanAbsoluteError).toBeCloseTo(1, 5);

  const path = (name: string) => join(folder, name);
  await predictCommand(path("places"), path("bars/upright"), { output: path("places.csv") });
  const [heading, ...lines] = readFileSync(path("places.csv"), "utf8").trim().split("\n");
  expect(heading).toBe("path,place");
  const errors = lines.map((line) => {
    const [file = "", value] = line.split(",");
    return Math.abs(Number(value) - (1000.5 + 100 * placeOf(100 + Number.parseInt(file, 10))));
  });
  expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(100);
  const args = ["evaluate", "places/edited-model", "bars", ...told(), "--json"];
  const evaluated = await descent(folder, args, undefined, wasm);
  const { samples, left, r2 } = JSON.parse(evaluated.stdout);
  expect([samples, left]).toEqual([119, 1]);
  expect(r2).toBeGreaterThan(0.7);
  const without = await descent(folder, ["evaluate", "places/model", "bars"], undefined, wasm);
  expect(without.stderr).toMatch(/the model tells "place" of images.*--labels TABLE/);
});

test("several columns of yes and no are labels, each with a probability", async () => {
  const { stdout, metrics, read, again } = await trainTold("marks", ["across", "low"], ["--epochs", "10"]);
  expect(stdout).toContain("Labels of images: across, low (2 columns of yes and no)");
  expect(metrics.classes).toEqual(["across", "low"]);
  expect(metrics.labels.map(({ label }: { label: string }) => label)).toEqual(["across", "low"]);
  expect(metrics.test.f1).toBeGreaterThan(metrics.baselines.constant.f1);
  expect(metrics.test.logLoss).toBeLessThan(metrics.baselines.constant.logLoss);
  expect(read("report.html")).toMatch(/every label.*s share[\s\S]*Labels[\s\S]*Images with each label/);
  expect(read("predictions.csv").split("\n")[0]).toBe('path,"across, low",predicted,p(across),p(low)');
  expect(again).toContain("binaryAccuracy: ");
  expect(Number(/binaryAccuracy: ([\d.]+)/.exec(again)?.[1])).toBeCloseTo(1 - metrics.test.hammingLoss, 5);

  const args = ["evaluate", "marks/model", "bars", ...told("across", "low")];
  const evaluated = await descent(folder, args, undefined, wasm);
  expect(evaluated.stdout).toMatch(/120 images of bars[\s\S]*label +rows +precision +recall +F1\n.*\n? *across +60/);
  await predictCommand(join(folder, "marks"), join(folder, "bars/across/7.png"), { output: join(folder, "mark.json") });
  const [answer] = JSON.parse(readFileSync(join(folder, "mark.json"), "utf8"));
  expect(Object.keys(answer)).toEqual(["path", "across, low", "p(across)", "p(low)"]);
});

test.each([
  ["a number", ["place"], ["--task", "regression"]],
  ["labels", ["across", "low"], []],
] as const)(
  "a training on images of %s that was interrupted goes on with --resume, and ends as if it had not been",
  async (_, targets, more) => {
    const args = (output: string) => [
      "train",
      "bars",
      ...told(...targets),
      ...more,
      "--epochs",
      "60",
      "--output",
      output,
    ];
    const [whole, part] = [`whole-${targets[0]}`, `part-${targets[0]}`];
    expect((await descent(folder, args(whole), undefined, wasm)).stderr).toBe("");
    let isStopped = false;
    const stopped = await descent(
      folder,
      args(part),
      (soFar, kill) => {
        // As soon as an epoch is shown: there are many more of them.
        if (!isStopped && /Epoch +1\//.test(soFar)) kill("SIGINT");
        isStopped ||= /Epoch +1\//.test(soFar);
      },
      wasm,
    );
    expect(stopped.code).toBe(130);
    expect(stopped.stdout).toContain("--resume");
    expect(existsSync(join(folder, part, "metrics.json"))).toBe(false);
    const other = await descent(folder, args(part), undefined, wasm);
    expect(other.stderr).toMatch(/did not end[\s\S]*--resume/);
    const resumed = await descent(folder, [...args(part), "--resume"], undefined, wasm);
    expect(resumed.stderr).toBe("");
    expect(resumed.code).toBe(0);
    const metricsOf = (name: string) => JSON.parse(readFileSync(join(folder, name, "metrics.json"), "utf8"));
    const [expected, actual] = [metricsOf(whole), metricsOf(part)];
    for (const key of ["history", "test", "baselines", "validationLoss", "labels", "epochs"])
      expect(actual[key]).toEqual(expected[key]);
    const bytes = (name: string, file: string) => readFileSync(join(folder, name, file)).toString("base64");
    expect(bytes(part, "predictions.csv")).toBe(bytes(whole, "predictions.csv"));
    for (const file of readdirSync(join(folder, whole, "model"))) {
      if (!file.endsWith(".json")) expect(bytes(part, `model/${file}`)).toBe(bytes(whole, `model/${file}`));
    }
    expect(existsSync(join(folder, part, "checkpoints"))).toBe(false);
  },
);

test("folders to train and to test are parts, and images that are in both are only trained on", async () => {
  for (const kind of ["across", "upright"]) {
    const shift = kind === "across" ? 0 : 100;
    for (const [part, from, to] of [
      ["train", 0, 40],
      ["test", 39, 60],
    ] as const) {
      mkdirSync(join(folder, "parts", part, kind), { recursive: true });
      for (let i = from; i < to; i++)
        writeFileSync(join(folder, "parts", part, kind, `${i}.png`), picture(kind, i + shift));
    }
  }
  write(folder, { "parts/__MACOSX/train/._1.png": "x", "parts/test/across/photo.heic": "x" });
  const trained = await descent(folder, ["train", "parts", "--epochs", "2", "--no-augment"], undefined, wasm);
  expect(trained.stderr).toBe("");
  expect(trained.stdout).toContain("Images: 68 to train, 12 to watch, 40 to test; the folders' names say which");
  expect(trained.stdout).toContain("left out: test/across/photo.heic");
  expect(trained.stdout).toContain("2 exact copies of others left out");
  const predictions = readFileSync(join(folder, "runs/parts/predictions.csv"), "utf8").trim().split("\n").slice(1);
  expect(predictions.every((line) => line.includes(`${join("parts", "test")}`))).toBe(true);
  const again = await descent(folder, ["train", "runs/parts/train.ts"], undefined, wasm);
  const metrics = JSON.parse(readFileSync(join(folder, "runs/parts/metrics.json"), "utf8"));
  expect(again.stdout).toContain(`accuracy: ${metrics.test.accuracy}`);
});

test.each<[source: string, options: TrainImagesArguments, message: RegExp]>([
  ["half", {}, /no image to train is of the class "b"/],
  ["flat", {}, /flat holds 1 images and no folders.*--labels TABLE/],
  ["scarce", {}, /class "a" of .*scarce has 1 image\. Expected at least 5/],
  ["scarce", { target: ["kind"] }, /--target was given for a folder of images.*--labels/],
  ["scarce", { task: "regression" }, /--task was given for a folder of images.*--labels TABLE/],
  ["bars", { labels: "told.csv", path: "file", target: ["plce"] }, /no column "plce".*did you mean "place"/],
  ["bars", { labels: "told.csv", path: "file", target: ["file"], task: "regression" }, /"file" holds words/],
  ["bars", { labels: "told.csv", path: "file", target: ["place", "low"] }, /"place" is one of several/],
  [
    "bars",
    { labels: "told.csv", path: "file", target: ["low", "across"], balance: true },
    /--balance was given for multi-label/,
  ],
  ["scarce", { size: 4 }, /--size is 4/],
  ["bars", { testSize: 0.01 }, /120 images are too few for each of 2 classes.*at least 200/],
])("%j with %j is refused", async (source, options, message) => {
  write(folder, { "flat/readme.txt": "none", "scarce/a/readme.txt": "none", "scarce/b/readme.txt": "none" });
  for (let i = 0; i < 60; i++) {
    const path = `half/${i < 30 ? "train/a" : "val/b"}`;
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, `${i}.png`), picture("across", i));
  }
  const names = ["flat/1.png", "scarce/a/1.png", "scarce/b/2.png"];
  for (const path of names) writeFileSync(join(folder, path), picture("across", names.indexOf(path)));
  const output = join(folder, "refused");
  const labels = options.labels === undefined ? {} : { labels: join(folder, options.labels) };
  const all = { ...options, ...labels, output, quiet: true };
  await expect(trainImagesCommand(join(folder, source), all)).rejects.toThrow(message);
});
