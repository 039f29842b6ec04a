import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runsCommand } from "../../src/cli/commands/runs.ts";
import { runsIn } from "../../src/cli/runs/list.ts";
import { openCheckpoints } from "../../src/cli/training/checkpoints.ts";
import { descent, workFolder, write } from "./fixture.ts";
import { flowers } from "./samples.ts";

const folder = workFolder();
const wasm = { DESCENT_ENGINE: "wasm", DESCENT_THREADS: "1" };
const read = (path: string) => readFileSync(join(folder, path), "utf8");

const train = (output: string, ...more: string[]) => [
  "train",
  "flowers.csv",
  "--target",
  "kind",
  "-o",
  output,
  "--epochs",
  "150",
  ...more,
];

test("a table becomes a model that is tested, explained, listed and used", async () => {
  writeFileSync(join(folder, "flowers.csv"), flowers());
  const records = ["--tensorboard", "events", "--jsonl", "log.jsonl"];
  const trained = await descent(folder, train("runs/first", ...records), undefined, wasm);
  expect(trained.stderr).toBe("");
  expect(trained.code).toBe(0);
  expect(readdirSync(join(folder, "runs/first")).sort()).toEqual(
    ["metrics.json", "model", "predictions.csv", "report.html", "run.json", "train.ts"].sort(),
  );
  const metrics = JSON.parse(read("runs/first/metrics.json"));
  expect(metrics.test.accuracy).toBeGreaterThan(metrics.baselines.constant.accuracy);
  const report = read("runs/first/report.html");
  for (const title of [
    "Learning curves",
    "What it recognizes",
    "Against simple answers",
    "Calibration",
    "What the model looks at",
    "The data",
    "Cleaning",
    "The model",
    "How it was made",
  ])
    expect(report).toContain(`>${title}</h2>`);
  // Ten networks, each with records of its own.
  const networks = Array.from({ length: 10 }, (_, i) => `network-${i + 1}`);
  expect(metrics.plan.networks).toBe(10);
  expect(metrics.networks.length).toBe(10);
  const lines = networks.map((name) => read(`log-${name}.jsonl`).trim().split("\n").length);
  expect(lines).toEqual(metrics.networks.map(({ epochs }: { epochs: number }) => epochs));
  expect(lines.reduce((a, b) => a + b)).toBe(metrics.epochs);
  expect(readdirSync(join(folder, "events")).sort()).toEqual([...networks].sort());
  const [look, cleaned] = ["To look at", "Cleaning"].map(
    (title) => report.split(`>${title}</h2>`)[1]?.split("</section>")[0],
  );
  expect(look).toMatch(/<th scope="row">all<\/th><td>Warning<\/td><td>113 rows are copies of others/);
  expect(cleaned).not.toContain("Warning");
  expect(report).toMatch(
    /<th scope="row">petal<\/th><td>\d missing values of the training part: the median [\d.]+ instead/,
  );
  expect(report).toContain("macro F1");
  expect(report).not.toContain("valLoss");
  expect(
    readdirSync(join(folder, "events/network-3"))
      .map((name) => name.split(".")[0])
      .sort(),
  ).toEqual(["events", "train", "validation"]);
  expect(trained.stdout).toMatch(/^Network 10\/10 +\d+ epochs, lowest validation loss/m);

  const predicted = await descent(
    folder,
    ["predict", "runs/first", "flowers.csv", "-o", "answers.csv", "--memory", "512MB"],
    undefined,
    wasm,
  );
  expect(predicted.stdout).toBe("Wrote 150 predictions to answers.csv\n");
  expect(read("answers.csv").trim().split("\n").length).toBe(151);

  // Words and values that the model never saw are answered to, and told.
  writeFileSync(
    join(folder, "odd.csv"),
    "sepal,side,petal\n5,north,1\n6,west,2\n7,east,much\n5.5,,\n6.5,south,little\n",
  );
  const odd = await descent(folder, ["predict", "runs/first", "odd.csv"], undefined, wasm);
  expect(odd.stdout.trim().split("\n").length).toBe(6);
  expect(odd.stderr.trim().split("\n")).toEqual([
    "2 rows have words that the model does not know: side (2); they are taken as rare words were",
    "2 rows have values that are not of their column's kind: petal (2); they count as missing",
  ]);
});

test("the program that was written makes the same networks again", async () => {
  const again = await descent(folder, ["train", "runs/first/train.ts"], undefined, wasm);
  expect(again.stderr).toMatch(/train\.ts has no default export/); // as a config, it is none
  const { test } = JSON.parse(read("runs/first/metrics.json"));
  expect(again.stdout).toContain(`accuracy: ${test.accuracy}`);
  expect(readFileSync(join(folder, "runs/first/edited-model/weights.safetensors"))).toEqual(
    readFileSync(join(folder, "runs/first/model/weights.safetensors")),
  );
});

test.each([
  ["SIGINT", "second", 130],
  ["SIGKILL", "killed", null],
] as const)(
  "a training that %s ended among its networks goes on with --resume, and ends as if it had not been",
  async (signal, name, code) => {
    let isStopped = false;
    const run = `runs/${name}`;
    // As soon as a network is trained: there are more of them.
    const stopped = await descent(
      folder,
      train(run),
      (soFar, kill) => {
        if (!isStopped && /Network +2\//.test(soFar)) kill(signal);
        isStopped ||= /Network +2\//.test(soFar);
      },
      wasm,
    );
    expect(stopped.code).toBe(code);
    if (signal === "SIGINT") {
      expect(stopped.stdout).toContain("--resume");
      expect(JSON.parse(read(`${run}/run.json`)).status).toBe("interrupted");
      const other = await descent(folder, [...train(run), "--seed", "1", "--resume"], undefined, wasm);
      expect(other.stderr).toMatch(/the run in .* began with seed 0, not 1/);
      const fewer = await descent(folder, [...train(run), "--networks", "2", "--resume"], undefined, wasm);
      expect(fewer.stderr).toMatch(/the run in .* began with .*networks/);
    }
    await expect(openCheckpoints(join(folder, run), false)).rejects.toThrow(/did not end.*--resume/);
    const resumed = await descent(folder, train(run, "--resume"), undefined, wasm);
    expect(resumed.stderr).toBe("");
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toMatch(/^Network +1\/10 +trained before$/m);
    const [first, second] = ["first", name].map((each) => JSON.parse(read(`runs/${each}/metrics.json`)));
    expect(second.history).toEqual(first.history);
    expect(second.test).toEqual(first.test);
    const weights = (each: string) => readFileSync(join(folder, `runs/${each}/model/weights.safetensors`));
    expect(weights(name)).toEqual(weights("first"));
    expect(existsSync(join(folder, run, "checkpoints"))).toBe(false);
    expect(JSON.parse(read(`${run}/run.json`))).toMatchObject({ status: "finished", resumed: [expect.any(String)] });
  },
);

test("--networks 1 trains one, with its epochs shown; what is no number from 1 to 100 is refused", async () => {
  const one = await descent(folder, train("runs/one", "--networks", "1", "--jsonl", "one.jsonl"), undefined, wasm);
  expect(one.stdout).toMatch(/Epoch +1\/150/);
  const metrics = JSON.parse(read("runs/one/metrics.json"));
  expect([metrics.plan.networks, metrics.networks]).toEqual([1, undefined]);
  expect(read("one.jsonl").trim().split("\n").length).toBe(metrics.epochs);
  for (const networks of ["0", "101"]) {
    const { code, stderr } = await descent(folder, train("runs/none", "--networks", networks), undefined, wasm);
    expect(stderr).toMatch(`--networks is ${networks}. Expected a whole number from 1 to 100`);
    expect(code).toBe(2);
  }
  const pieces = await descent(folder, train("runs/none", "--pieces", "1"), undefined, wasm);
  expect(pieces.stderr).toMatch("--pieces is 1. Expected a whole number from 2 to 64, or 0 for none");
  expect(pieces.code).toBe(2);
});

test("a query whose answer has no room in memory is streamed; interrupted, it goes on as if it had not been", async () => {
  const query = "SELECT petal, sepal, kind FROM 'flowers.csv' WHERE sepal > 5";
  const ask = (output: string, ...more: string[]) =>
    descent(
      folder,
      ["train", query, "-t", "kind", "--memory", "512MB", "-e", "60", "-o", output, ...more],
      undefined,
      wasm,
    );
  const whole = await ask("streams/whole");
  expect(whole.stderr).toBe("");
  expect(whole.stdout).toMatch(/^Streamed: 1 MB of features have no room in memory/m);
  const metrics = JSON.parse(read("streams/whole/metrics.json"));
  expect(metrics).toMatchObject({ streamed: true, rows: { train: expect.any(Number) } });
  expect(metrics.test.accuracy).toBeGreaterThan(metrics.baselines.constant.accuracy + 0.2);
  expect(read("streams/whole/train.ts")).toMatch(/net\.fit\(train, [\s\S]*validationData: validation,/);

  let isStopped = false;
  const args = ["train", query, "-t", "kind", "--memory", "512MB", "-e", "60", "-o", "streams/part"];
  const stopped = await descent(
    folder,
    args,
    (soFar, kill) => {
      if (!isStopped && /Epoch +1\//.test(soFar)) kill("SIGINT");
      isStopped ||= /Epoch +1\//.test(soFar);
    },
    wasm,
  );
  expect(stopped.code).toBe(130);
  expect(existsSync(join(folder, "streams/part/checkpoints/prepared.json"))).toBe(true);
  expect((await ask("streams/part", "--resume")).code).toBe(0);
  const resumed = JSON.parse(read("streams/part/metrics.json"));
  expect(resumed.history).toEqual(metrics.history);
  expect(resumed.test).toEqual(metrics.test);

  const answers = await descent(folder, ["predict", "streams/whole", "FROM 'flowers.csv' LIMIT 3"], undefined, wasm);
  expect(answers.stdout.trim().split("\n").length).toBe(4);
  const scores = await descent(
    folder,
    ["evaluate", "streams/whole", query, "--json", "--memory", "1GB"],
    undefined,
    wasm,
  );
  expect(JSON.parse(scores.stdout).samples).toBe(Object.values(metrics.rows as number[]).reduce((a, b) => a + b));
});

test("a query that cannot be answered is refused on one line", async () => {
  const args = ["train", "SELECT petals FROM 'flowers.csv'", "-t", "kind", "-o", "streams/none"];
  const { code, stderr } = await descent(folder, args, undefined, wasm);
  expect(stderr).toMatch(/^Error: DuckDB refuses the query: .*"petals" not found.*\n$/);
  expect(code).toBe(3);
});

/** A folder of a run, as `descent train` writes it. */
function writeRun(name: string, changes: object, metrics: object | undefined): void {
  const run = { ...JSON.parse(read("runs/first/run.json")), ...changes };
  write(folder, { [`runs/${name}/run.json`]: run, ...(metrics && { [`runs/${name}/metrics.json`]: metrics }) });
}

test("runs are listed, sorted by a metric, and compared", async () => {
  const settings = { target: "kind", ignore: ["petal"] };
  writeRun(
    "third",
    { started: "2099-01-01T00:00:00.000Z", seed: 1, settings },
    { test: { accuracy: 0.25 }, seconds: 2 },
  );
  writeRun(
    "fourth",
    { started: "2098-01-01T00:00:00.000Z", status: "running", process: { host: hostname(), id: 2 ** 30 } },
    undefined,
  );
  write(folder, { "runs/foreign/run.json": "{}", "runs/other/readme.txt": "no run" });
  const found = await runsIn(join(folder, "runs"));
  expect(found.map(({ name }) => name).slice(0, 3)).toEqual(["third", "fourth", "one"]); // the latest first
  expect(found.map(({ status }) => status)).toEqual(["finished", "killed", ...Array(4).fill("finished")]);
  expect(found[3]?.record.environment).toMatchObject({ node: process.version, engine: "wasm", threads: 1 });
  const listed = await descent(folder, ["runs", "--sort", "accuracy"]);
  const [heading, , ...lines] = listed.stdout.trim().split("\n");
  expect(heading).toMatch(/^run +began \(UTC\) +status +trained on +accuracy +F1 +log loss +time +seed$/);
  expect(lines.map((line) => line.split(" ")[0]).slice(4)).toEqual(["third", "fourth"]);
  expect(lines[4]).toMatch(/^third +2099-01-01 00:00 +finished +flowers.csv +25.00 % +2.00 s +1$/);

  const compared = await descent(folder, ["runs", "compare", "first", "runs/third"]);
  expect(compared.stdout).toMatch(/^seed +0 +1$/m);
  expect(compared.stdout).toMatch(/^ignore +- +\["petal"\]$/m);
  expect(compared.stdout).toMatch(/^accuracy +\* [\d.]+ % +25.00 %$/m);
  expect(compared.stdout).not.toMatch(/^target/m); // the same in both
  await expect(runsCommand(join(folder, "runs"), { sort: "acuracy" })).rejects.toThrow(/"acuracy".*"accuracy"/);
});
