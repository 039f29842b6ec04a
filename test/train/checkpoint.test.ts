import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import {
  type Callback,
  type CheckpointOptions,
  callbacks,
  type FitOptions,
  type History,
  layers,
  loadModel,
  type Model,
  sequential,
} from "../../src/index.ts";
import { parse, stringify } from "../../src/train/checkpoint/json.ts";
import { builtPackage } from "../tools/built.ts";
import fc from "../tools/properties.ts";
import { allWeights, classifier, lineData, Paper } from "./fixture.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-checkpoint-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const fresh = () => mkdtempSync(join(scratch, "run-"));

const { x, y } = lineData(50);

/** Shuffling, dropout, a slot per weight, a schedule, metrics with sums of their own: all that a checkpoint must hold. */
function trainee(): Model {
  return classifier(3).compile({
    optimizer: {
      kind: "adam",
      learningRate: { kind: "exponentialDecay", learningRate: 0.02, decaySteps: 20, decayRate: 0.9 },
    },
    loss: "binaryCrossentropy",
    metrics: ["accuracy", "f1"],
    engine: "reference",
  });
}

function options(more: FitOptions = {}): FitOptions {
  return {
    epochs: 6,
    batchSize: 8,
    seed: 5,
    validationSplit: 0.2,
    verbose: 0,
    callbacks: [
      callbacks.earlyStopping({ patience: 50, restoreBestWeights: true }),
      callbacks.reduceLearningRateOnPlateau({ patience: 0, minDelta: 1, factor: 0.7 }),
    ],
    ...more,
  };
}

/** What must come out the same, bit for bit. */
function outcome(model: Model, { history, epochs, reason }: History): unknown {
  return { weights: allWeights(model), history, epochs, reason };
}

/** A run that was never interrupted. */
const whole = (async () => {
  const model = trainee();
  return outcome(model, await model.fit(x, y, options()));
})();

class Killed extends Error {}

/** Ends a training at a step, as a crash would: nothing more is written. */
function killAt(step: number): Callback {
  return {
    onStepEnd(event) {
      if (event.step === step) throw new Killed();
    },
  };
}

async function killed(checkpoint: CheckpointOptions, step: number, more: FitOptions = {}): Promise<void> {
  const given = options({ checkpoint, ...more });
  const fit = trainee().fit(x, y, { ...given, callbacks: [...(given.callbacks ?? []), killAt(step)] });
  await expect(fit).rejects.toThrow(Killed);
}

async function resumed(folder: string, more: FitOptions = {}): Promise<unknown> {
  const model = trainee();
  const checkpoint = { folder, every: { steps: 3 }, resume: true };
  return outcome(model, await model.fit(x, y, options({ checkpoint, ...more })));
}

const names = (folder: string) => readdirSync(folder).sort();
const newest = (folder: string) => join(folder, names(folder).at(-1) ?? "");

describe("a training that goes on from its checkpoint", () => {
  // 40 samples of training in batches of 8: 5 steps an epoch, 30 in all
  test.each([2, 3, 4, 5, 6, 13, 20, 29])("killed at step %i ends with the same bits", async (step) => {
    const folder = fresh();
    await killed({ folder, every: { steps: 3 } }, step);
    expect(await resumed(folder)).toEqual(await whole);
  });

  test("may be killed again and again", async () => {
    const folder = fresh();
    for (const step of [4, 9, 11, 17, 28]) await killed({ folder, every: { steps: 2 }, resume: true }, step);
    expect(await resumed(folder)).toEqual(await whole);
  });

  test("with checkpoints changes nothing in itself", async () => {
    const model = trainee();
    const history = await model.fit(x, y, options({ checkpoint: { folder: fresh(), every: { steps: 1 } } }));
    expect(outcome(model, history)).toEqual(await whole);
  });

  test("that had ended tells the same again, and goes on for more epochs", async () => {
    const folder = fresh();
    const first = trainee();
    await first.fit(x, y, options({ epochs: 4, checkpoint: folder, callbacks: [] }));
    const again = trainee();
    const history = await again.fit(x, y, options({ epochs: 4, checkpoint: { folder, resume: true }, callbacks: [] }));
    expect([allWeights(again), history.steps, history.epochs]).toEqual([allWeights(first), 0, [0, 1, 2, 3]]);
    const more = trainee();
    await more.fit(x, y, options({ epochs: 6, checkpoint: { folder, resume: true }, callbacks: [] }));
    const straight = trainee();
    await straight.fit(x, y, options({ callbacks: [] }));
    expect(allWeights(more)).toEqual(allWeights(straight));
  });

  test("that was stopped for a reason stays stopped", async () => {
    const folder = fresh();
    const stop = { stopWhen: { accuracy: 0.5 }, callbacks: [] };
    const history = await trainee().fit(x, y, options({ ...stop, checkpoint: folder }));
    expect(history.reason).toMatch(/^accuracy/);
    const again = await trainee().fit(x, y, options({ ...stop, checkpoint: { folder, resume: true } }));
    expect([again.reason, again.steps, again.epochs]).toEqual([history.reason, 0, history.epochs]);
  });

  test("begins when there is nothing yet", async () => {
    expect(await resumed(fresh())).toEqual(await whole);
  });

  test.each<[string, FitOptions, RegExp]>([
    ["another seed", { seed: 6 }, /a training with seed 5\. Expected the same, not 6/],
    ["another batch size", { batchSize: 10 }, /batchSize 8/],
    ["other validation data", { validationSplit: 0.1 }, /samples|validationSamples/],
    ["other callbacks", { callbacks: [] }, /callbacks \[earlyStopping, reduceLearningRateOnPlateau\]/],
  ])("refuses %s", async (_, more, message) => {
    const folder = fresh();
    await killed({ folder, every: { steps: 2 } }, 5);
    await expect(resumed(folder, more)).rejects.toThrow(message);
  });

  test("refuses other data, another optimizer, another network", async () => {
    const folder = fresh();
    await killed({ folder, every: { steps: 2 } }, 5);
    const checkpoint = { folder, resume: true };
    const other = x.map((row, i) => (i === 7 ? [0, 0] : row));
    await expect(trainee().fit(other, y, options({ checkpoint }))).rejects.toThrow(/other training data/);
    const sgd = classifier(3).compile({ optimizer: "sgd", loss: "binaryCrossentropy", metrics: ["accuracy", "f1"] });
    await expect(sgd.fit(x, y, options({ checkpoint }))).rejects.toThrow(/optimizer "adam"/);
    const small = sequential([layers.dense(1, { activation: "sigmoid", inputShape: [2] })]);
    small.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy", "f1"] });
    await expect(small.fit(x, y, options({ checkpoint }))).rejects.toThrow(/dense_1\/kernel/);
  });

  test("is not begun over another one", async () => {
    const folder = fresh();
    await killed({ folder, every: { steps: 2 } }, 5);
    await expect(trainee().fit(x, y, options({ checkpoint: folder }))).rejects.toThrow(
      /holds \d checkpoint.*resume: true/,
    );
  });
});

/** Takes what is left of a disk. */
function fillUp(path: string): void {
  try {
    for (;;) appendFileSync(path, Buffer.alloc(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  }
}

describe("a folder of checkpoints", () => {
  test("keeps the last ones and the best", async () => {
    const folder = fresh();
    const checkpoint = { folder, every: { epochs: 1 }, keep: { last: 2, best: 1 }, monitor: "valLoss" };
    const { history } = await trainee().fit(x, y, options({ checkpoint, callbacks: [] }));
    const losses = (history["valLoss"] ?? []) as number[];
    const best = losses.indexOf(Math.min(...losses)) + 1;
    const kept = names(folder).map((name) => Number(/epoch-(\d+)$/.exec(name)?.[1]));
    expect(kept).toEqual([...new Set([best, 5, 6])].sort((a, b) => a - b));
  });

  test("holds models, ready to be loaded", async () => {
    const folder = fresh();
    const model = trainee();
    await model.fit(x, y, options({ checkpoint: folder, callbacks: [] }));
    expect(allWeights(await loadModel(newest(folder)))).toEqual(allWeights(model));
  });

  test("may belong to a network that no file can hold", async () => {
    const make = () =>
      sequential([layers.dense(4, { inputShape: [2] }), layers.lambda((t) => t.mul(2)), layers.dense(1)]).compile({
        optimizer: "adam",
        loss: (t, p) => t.sub(p).square().mean({ axis: 1 }),
        engine: "reference",
      });
    const folder = fresh();
    const plain = { epochs: 3, batchSize: 8, verbose: 0 } as const;
    const fit = make().fit(x, y, { ...plain, checkpoint: { folder, every: { steps: 4 } }, callbacks: [killAt(10)] });
    await expect(fit).rejects.toThrow(Killed);
    const [again, straight] = [make(), make()];
    await again.fit(x, y, { ...plain, checkpoint: { folder, resume: true } });
    await straight.fit(x, y, plain);
    expect(allWeights(again)).toEqual(allWeights(straight));
  });

  test("whose newest is damaged says so and gives the one before", async () => {
    const damages: ((folder: string) => void)[] = [
      (folder) => rmSync(join(folder, "run.json")),
      (folder) => truncateSync(join(folder, "weights.safetensors"), 40),
      (folder) => writeFileSync(join(folder, "run.json"), "{}"),
      (folder) => rmSync(join(folder, "optimizer.safetensors")),
      (folder) => {
        const path = join(folder, "optimizer.safetensors");
        const bytes = readFileSync(path);
        bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
        writeFileSync(path, bytes);
      },
    ];
    const before = fresh();
    await killed({ folder: before, every: { steps: 3 } }, 14);
    for (const damage of damages) {
      const folder = fresh();
      cpSync(before, folder, { recursive: true });
      const last = newest(folder);
      damage(last);
      const paper = new Paper();
      expect(await resumed(folder, { terminal: paper })).toEqual(await whole);
      expect(paper.text).toContain(`Not whole, left out: ${last}`);
    }
  });

  test("refuses any change of any byte of a checkpoint", async () => {
    const folder = fresh();
    await killed({ folder, every: { steps: 3 }, keep: { last: 1, best: 0 } }, 8);
    const path = newest(folder);
    const files = names(path).filter((name) => name !== "model.json");
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (file, at, bits) => {
          const bytes = readFileSync(join(path, file));
          const changed = Buffer.from(bytes);
          changed[at % bytes.length] = (changed[at % bytes.length] ?? 0) ^ bits;
          writeFileSync(join(path, file), changed);
          try {
            await expect(resumed(folder, { terminal: new Paper() })).rejects.toThrow(
              /none of the 1 checkpoints.*is whole/,
            );
          } finally {
            writeFileSync(join(path, file), bytes);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("on a full disk keeps the last good checkpoint, and the training goes on", async (context) => {
    const disk = mkdtempSync(join(scratch, "disk-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk]).status === 0;
    if (!mounted) return context.skip("mounting a small disk needs a superuser");
    try {
      const folder = join(disk, "run");
      const paper = new Paper();
      const model = trainee();
      const fill = join(disk, "others");
      const other: Callback = {
        async onStepEnd({ step }) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (step === 10) fillUp(fill);
        },
      };
      const given = options({ checkpoint: { folder, every: { steps: 4 } }, terminal: paper });
      const history = await model.fit(x, y, { ...given, callbacks: [...(given.callbacks ?? []), other] });
      expect(outcome(model, history)).toEqual(await whole);
      expect(paper.text).toMatch(/No checkpoint at step \d+: the disk is full; .*step-000000\d+.* stays the newest/);
      rmSync(fill);
      expect(await resumed(folder)).toEqual(await whole);
    } finally {
      spawnSync("umount", [disk]);
    }
  });

  test("that cannot be written is refused before any work", async () => {
    writeFileSync(join(scratch, "file"), "");
    const fit = trainee().fit(x, y, options({ checkpoint: join(scratch, "file", "below") }));
    await expect(fit).rejects.toThrow(/checkpoints cannot be written/);
  });

  test.each<[unknown, RegExp]>([
    [{ folder: "a", evry: { steps: 1 } }, /did you mean "every"/],
    [{ folder: "a", every: { steps: 0 } }, /every.steps is 0/],
    [{ folder: "a", every: {} }, /every is empty/],
    [{ folder: "a", keep: { last: 0 } }, /keep.last is 0/],
    [{ folder: "" }, /folder is ""/],
    [7, /checkpoint is 7/],
  ])("options %j are refused", async (checkpoint, message) => {
    await expect(trainee().fit(x, y, options({ checkpoint: checkpoint as never }))).rejects.toThrow(message);
  });
});

test("numbers of a record come back bit for bit", () => {
  fc.assert(
    fc.property(fc.array(fc.double()), (numbers) => {
      expect(parse(stringify({ numbers }))).toEqual({ numbers });
    }),
  );
});

describe("a process", async () => {
  const door = pathToFileURL(join(await builtPackage(), "dist/node/index.js")).href;
  const program = (folder: string) => `
import { writeFileSync } from "node:fs";
import { layers, sequential } from ${JSON.stringify(door)};
const model = sequential([layers.dense(64, { activation: "relu", inputShape: [2] }), layers.dropout(0.2), layers.dense(1)], { seed: 1 });
model.compile({ optimizer: "adam", loss: "meanSquaredError", metrics: ["meanAbsoluteError"], engine: "wasm" });
const x = Array.from({ length: 64 }, (_, i) => [i / 64, (i * 7) % 5]);
const y = x.map(([a, b]) => [a * b]);
const pause = { onTrainBegin: () => console.log("BEGUN"), onStepEnd: () => new Promise((resolve) => setTimeout(resolve, 2)) };
const history = await model.fit(x, y, { epochs: 60, batchSize: 10, verbose: 0, callbacks: [pause],
  checkpoint: { folder: ${JSON.stringify(folder)}, every: { steps: 1 }, resume: true } });
if (!history.interrupted) writeFileSync(${JSON.stringify(folder)} + ".end",
  JSON.stringify([Buffer.from(new Uint8Array(model.parameters.slice().buffer)).toString("hex"), history.history, history.epochs]));
console.log(history.interrupted ? "INTERRUPTED" : "ENDED");`;

  async function run(folder: string, afterMs: number | undefined, signal: NodeJS.Signals): Promise<string> {
    const file = `${folder}.mjs`;
    writeFileSync(file, program(folder));
    const child: ChildProcess = spawn(process.execPath, [file], {
      cwd: scratch,
    });
    let out = "";
    const hear = (text: Buffer) => {
      if (out === "" && afterMs !== undefined) setTimeout(() => child.kill(signal), afterMs);
      out += text;
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    await new Promise((resolve) => child.on("close", resolve));
    return out;
  }

  test("killed at any moment ends, resumed, with the bits of one that was not", async () => {
    const straight = join(scratch, "straight");
    expect(await run(straight, undefined, "SIGKILL")).toContain("ENDED");
    const folder = join(scratch, "kill");
    // Some while a checkpoint is written: one is, most of the time.
    for (const ms of [150, 341, 99]) await run(folder, ms, "SIGKILL");
    expect(await run(folder, 250, "SIGTERM")).toMatch(/INTERRUPTED|ENDED/);
    if (!existsSync(`${folder}.end`)) expect(await run(folder, undefined, "SIGKILL")).toContain("ENDED");
    expect(readFileSync(`${folder}.end`, "utf8")).toBe(readFileSync(`${straight}.end`, "utf8"));
  }, 120_000);
});
