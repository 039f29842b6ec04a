import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { predictCommand } from "../../src/cli/commands/predict.ts";
import { type TrainImagesArguments, trainImagesCommand } from "../../src/cli/images/train.ts";
import { encodePng } from "../../src/cli/report/index.ts";
import { descent, workFolder, write } from "./fixture.ts";

const folder = workFolder();
const wasm = { DESCENT_ENGINE: "wasm", DESCENT_THREADS: "1" };

/** A bar at a place of its own, upright or across, in noise: no pixel alone tells which. */
function picture(kind: string, seed: number): Uint8Array {
  let state = seed * 7919 + 17;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const place = 1 + Math.floor(random() * 6);
  return encodePng(
    Float32Array.from({ length: 64 }, (_, i) =>
      (kind === "across" ? i >> 3 : i & 7) === place ? 0.8 : 0.2 * random(),
    ),
    [8, 8],
  );
}

beforeAll(() => {
  for (const kind of ["across", "upright"]) {
    mkdirSync(join(folder, "bars", kind), { recursive: true });
    for (let i = 0; i < 60; i++)
      writeFileSync(join(folder, "bars", kind, `${i}.png`), picture(kind, i + (kind === "across" ? 0 : 100)));
  }
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

test.each<[source: string, options: TrainImagesArguments, message: RegExp]>([
  ["flat", {}, /flat holds 1 images and no folders.*--labels TABLE/],
  ["scarce", {}, /class "a" of .*scarce has 1 image\. Expected at least 5/],
  ["scarce", { target: ["kind"] }, /--target was given for a folder of images.*--labels/],
  ["scarce", { size: 4 }, /--size is 4/],
])("%j with %j is refused", async (source, options, message) => {
  write(folder, { "flat/readme.txt": "none", "scarce/a/readme.txt": "none", "scarce/b/readme.txt": "none" });
  const names = ["flat/1.png", "scarce/a/1.png", "scarce/b/2.png"];
  for (const path of names) writeFileSync(join(folder, path), picture("across", names.indexOf(path)));
  const output = join(folder, "refused");
  await expect(trainImagesCommand(join(folder, source), { ...options, output, quiet: true })).rejects.toThrow(message);
});
