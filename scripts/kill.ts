// `npm run kill -- [KILLS] [SEED] [KIND]`: trains in a process that is killed (SIGKILL) at random moments, resumes it each time, and compares
// weights, optimizer, history and best weights of the end with those of a training that nobody killed, bit for bit. Without a kind it is
// model.fit of arrays; with "stream" its samples are a stream that is shuffled in windows and changed at random. The kinds of
// test/cli/killed.ts (images, numbers, labels, table, streamed, config), or "command" for all of them, are trainings of `descent train`,
// of which metrics, predictions and model are compared.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { callbacks, type FitOptions, layers, sequential } from "descent";
import { fromArrays, fromGenerator } from "descent/data";
import { HostRandom } from "../src/util/index.ts";
import { KILLABLE, type Killable, killTrainings } from "../test/cli/killed.ts";
import { makeNodePackage } from "./node-package.ts";

const SAMPLES = 200;
const BATCH = 16;
const STEPS_AN_EPOCH = (0.8 * SAMPLES) / BATCH;

/** The training that is killed: convolution, batch normalization, dropout, augmentation, shuffling, validation, early stopping. */
async function train(folder: string, epochs: number, kind: string | undefined): Promise<void> {
  const random = new HostRandom(7);
  const x = {
    data: Float32Array.from({ length: SAMPLES * 64 }, () => random.normal()),
    shape: [SAMPLES, 8, 8, 1],
  };
  const y = Array.from({ length: SAMPLES }, (_, i) => ((x.data[i * 64] ?? 0) > 0 ? 1 : 0));
  const model = sequential(
    [
      layers.conv2d(4, 3, { activation: "relu", inputShape: [8, 8, 1] }),
      layers.batchNormalization(),
      layers.flatten(),
      layers.dropout(0.3),
      layers.dense(2, { activation: "softmax" }),
    ],
    { seed: 3 },
  );
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy", "f1"] });
  const begun = { onTrainBegin: () => console.log("BEGUN") };
  const options: FitOptions = {
    epochs,
    batchSize: BATCH,
    verbose: 0,
    augment: [layers.randomRotation(0.05), layers.randomTranslation(0.1, 0.1)],
    callbacks: [callbacks.earlyStopping({ patience: 1e9, restoreBestWeights: true }), begun],
    checkpoint: { folder, every: { steps: 1 }, keep: { last: 2, best: 1 }, resume: true },
  };
  const all = fromArrays({ x, y });
  const stream = fromGenerator(async function* samples() {
    for await (const batch of all.take(0.8 * SAMPLES).batch(1)) {
      const [image, label] = [batch["x"], batch["y"]] as { data: Float32Array }[];
      yield { x: { data: image?.data, shape: [8, 8, 1] }, y: label?.data[0] };
    }
  });
  const noisy = stream.shuffle({ seed: 2, buffer: 50 }).map((sample, { random }) => {
    const { data, shape } = sample["x"] as { data: Float32Array; shape: number[] };
    return { ...sample, x: { data: data.map((value) => value + 0.1 * random.normal()), shape } };
  });
  const history =
    kind === "stream"
      ? await model.fit(noisy, { ...options, validationData: all.skip(0.8 * SAMPLES) })
      : await model.fit(x, y, { ...options, validationSplit: 0.2 });
  const end = createHash("sha256");
  for (const weights of [model.parameters, model.moving]) end.update(new Uint8Array(Float32Array.from(weights).buffer));
  end.update(JSON.stringify([history.history, history.epochs]));
  const last = readdirSync(folder).sort().at(-1) ?? "";
  for (const file of ["weights", "optimizer", "callbacks"])
    end.update(readFileSync(join(folder, last, `${file}.safetensors`)));
  console.log(`ENDED ${end.digest("hex")}`);
}

/** The step of the newest checkpoint in a folder. */
function stepOf(folder: string): number {
  const steps = existsSync(folder) ? readdirSync(folder).map((name) => Number(/^step-(\d+)/.exec(name)?.[1] ?? 0)) : [];
  return Math.max(0, ...steps);
}

/** Runs the training in a process; kills it `afterMs` after it began. */
async function run(
  folder: string,
  epochs: number,
  kind: string | undefined,
  afterMs: number | undefined,
): Promise<string> {
  const child = spawn(process.execPath, [
    "--import",
    "tsx",
    fileURLToPath(import.meta.url),
    "train",
    folder,
    String(epochs),
    kind ?? "",
  ]);
  let out = "";
  child.stdout.on("data", (text: Buffer) => {
    out += text;
    if (String(text).includes("BEGUN") && afterMs !== undefined) setTimeout(() => child.kill("SIGKILL"), afterMs);
  });
  child.stderr.on("data", (text: Buffer) => {
    out += text;
  });
  await new Promise((resolve) => child.on("close", resolve));
  return out;
}

async function main(kills: number, seed: number, kind: string | undefined): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "descent-kill-"));
  const random = new HostRandom(seed);
  const epochs = 10 + 2 * kills;
  try {
    console.log(`A training of ${epochs} epochs that nobody kills...`);
    const begun = performance.now();
    const expected = /ENDED (\w+)/.exec(await run(join(scratch, "straight"), epochs, kind, undefined))?.[1];
    if (!expected) throw new Error("it did not end");
    const perStep = (performance.now() - begun) / stepOf(join(scratch, "straight"));
    let [done, halves] = [0, 0];
    /** A random time, such that the steps left last for the kills left, on the average and with a margin. */
    const moment = (): number | undefined => {
      if (done >= kills) return undefined;
      const left = STEPS_AN_EPOCH * epochs - stepOf(join(scratch, "killed"));
      return random.uniform() * perStep * left * (2 / 1.5 / (kills - done));
    };
    let end: string | undefined;
    while (end === undefined) {
      const out = await run(join(scratch, "killed"), epochs, kind, moment());
      end = /ENDED (\w+)/.exec(out)?.[1];
      if (end === undefined) done++;
      if (!out.startsWith("BEGUN")) throw new Error(out);
      if (readdirSync(join(scratch, "killed")).some((name) => name.endsWith("-tmp"))) halves++;
      process.stdout.write(`\rkilled ${done} times, ${halves} of them while a checkpoint was written `);
    }
    console.log(`\n${end === expected ? "the same bits" : "OTHER BITS"} at the end (seed ${seed})`);
    process.exitCode = end === expected ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Kills trainings of the command, as users have it. */
async function mainOfCommand(kills: number, seed: number, kinds: readonly Killable[]): Promise<void> {
  const caches = fileURLToPath(new URL("../node_modules/.cache", import.meta.url)); // what lies there finds the dependencies
  mkdirSync(caches, { recursive: true });
  const built = mkdtempSync(join(caches, "descent-kill-"));
  const scratch = mkdtempSync(join(tmpdir(), "descent-kill-"));
  const each = Math.ceil(kills / kinds.length);
  try {
    await makeNodePackage(built);
    for (const kind of kinds) {
      const words = (tally: { kills: number; halves: number; ended: number }) =>
        `${kind}: killed ${tally.kills} times, ${tally.halves} of them with a checkpoint half written; ${tally.ended} ended`;
      const tally = await killTrainings(kind, each, new HostRandom(seed), {
        command: join(built, "bin/descent.mjs"),
        folder: join(scratch, kind),
        say: (soFar) => process.stdout.write(`\r${words(soFar)} `),
      });
      console.log(
        `\r${words(tally)}, ${tally.faults.length === 0 ? "the same bits" : tally.faults.join("; ")} (seed ${seed})`,
      );
      if (tally.faults.length > 0) process.exitCode = 1;
    }
  } finally {
    for (const folder of [built, scratch]) rmSync(folder, { recursive: true, force: true });
  }
}

const [command = "200", ...rest] = process.argv.slice(2);
if (command === "train") await train(rest[0] ?? "", Number(rest[1]), rest[2]);
else {
  const [seed = "1", kind] = rest;
  const kinds = KILLABLE.filter((name) => kind === "command" || name === kind);
  if (kinds.length > 0) await mainOfCommand(Number(command), Number(seed), kinds);
  else await main(Number(command), Number(seed), kind);
}
