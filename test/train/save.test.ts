import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DescentError, layers, loadModel, type Model, model, registerLoss, sequential } from "../../src/index.ts";
import { libraryVersion } from "../../src/train/save/format.ts";
import fc from "../tools/properties.ts";
import { allWeights, linearModel, lineData } from "./fixture.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-save-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const place = (name: string) => join(scratch, name);

const { x, y } = lineData(20);
const quiet = { verbose: 0 } as const;

function rich(): Model {
  const input = layers.input({ shape: [2], name: "point" });
  const hidden = layers.dense(4, { activation: "tanh" })(input);
  const normal = layers.batchNormalization()(layers.dropout(0.1)(hidden));
  const sum = layers.add()([hidden, normal]);
  return model({ inputs: input, outputs: layers.dense(1, { activation: "sigmoid" })(sum), name: "rich" });
}

function compiled(network: Model): Model {
  return network.compile({
    optimizer: {
      kind: "adam",
      learningRate: { kind: "exponentialDecay", learningRate: 0.01, decaySteps: 10, decayRate: 0.9 },
    },
    loss: { kind: "binaryCrossentropy", labelSmoothing: 0.1 },
    metrics: ["accuracy", { kind: "f1", average: "macro" }],
  });
}

beforeAll(async () => {
  const trained = compiled(rich());
  await trained.fit(x, y, { epochs: 2, batchSize: 6, ...quiet });
  await trained.save(place("whole"), { labels: ["left", "right"], preprocessing: { kind: "standard", mean: [0, 0] } });
});

describe("a saved model", () => {
  test("comes back whole: weights, compile options, facts", async () => {
    const trained = compiled(rich());
    await trained.fit(x, y, { epochs: 2, batchSize: 6, ...quiet });
    await trained.save(place("again"));
    const loaded = await loadModel(place("again"));
    expect(allWeights(loaded)).toEqual(allWeights(trained));
    expect(loaded.name).toBe("rich");
    expect(loaded.summary()).toBe(trained.summary());
    expect(await loaded.evaluate(x, y)).toEqual(await trained.evaluate(x, y));
    expect(await (await loaded.predict(x)).data()).toEqual(await (await trained.predict(x)).data());
    expect((await loadModel(place("whole"))).facts).toEqual({
      labels: ["left", "right"],
      preprocessing: { kind: "standard", mean: [0, 0] },
    });
  });

  test("trains on as if it had never been saved, bit for bit", async () => {
    const atOnce = compiled(rich());
    await atOnce.fit(x, y, { epochs: 4, batchSize: 6, ...quiet });
    const loaded = await loadModel(place("whole"));
    await loaded.fit(x, y, { epochs: 4, initialEpoch: 2, batchSize: 6, ...quiet });
    expect(allWeights(loaded)).toEqual(allWeights(atOnce));
  });

  test("saved again, unchanged, is the same", async () => {
    const loaded = await loadModel(place("whole"));
    await loaded.save(place("copy"));
    for (const name of readdirSync(place("whole"))) {
      expect(readFileSync(join(place("copy"), name)), name).toEqual(readFileSync(join(place("whole"), name)));
    }
    expect(readdirSync(place("copy")).sort()).toEqual(["model.json", "optimizer.safetensors", "weights.safetensors"]);
  });

  test("names weights by their path, for other programs", () => {
    const bytes = readFileSync(join(place("whole"), "weights.safetensors"));
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
    expect(Object.keys(header)).toEqual([
      "__metadata__",
      "dense_1/kernel",
      "dense_1/bias",
      "batchNormalization_1/gamma",
      "batchNormalization_1/beta",
      "batchNormalization_1/movingMean",
      "batchNormalization_1/movingVariance",
      "dense_2/kernel",
      "dense_2/bias",
    ]);
  });

  test("may be saved during training, between two steps", async () => {
    const network = compiled(rich());
    let weights: number[] = [];
    const checkpoint = {
      async onEpochEnd({ epoch }: { epoch: number }) {
        if (epoch !== 0) return;
        weights = allWeights(network);
        await network.save(place("checkpoint"));
      },
    };
    await network.fit(x, y, { epochs: 2, callbacks: [checkpoint], ...quiet });
    expect(allWeights(await loadModel(place("checkpoint")))).toEqual(weights);
  });

  test("without being compiled, or with functions that have no name, loads to predict", async () => {
    const plain = linearModel();
    await plain.save(place("plain"));
    expect(readdirSync(place("plain")).sort()).toEqual(["model.json", "weights.safetensors"]);
    const loaded = await loadModel(place("plain"));
    expect(await (await loaded.predict([[4]])).array()).toEqual([[2]]);
    await expect(loaded.evaluate([[1]], [[1]])).rejects.toThrow(/before compile/);

    const custom = linearModel().compile({
      optimizer: ({ parameter }) => parameter,
      loss: (t, p) => t.sub(p).abs().mean(),
    });
    await custom.fit([[1]], [[1]], quiet);
    await custom.save(place("custom"));
    await expect((await loadModel(place("custom"))).evaluate([[1]], [[1]])).rejects.toThrow(
      /before compile.*Fix: compile the loaded model again: .* a function without a name/,
    );
    await expect(linearModel().evaluate([[1]], [[1]])).rejects.toThrow(/^(?!.*loaded).*before compile/);

    registerLoss("cubed", (t, p) => t.sub(p).abs().pow(3).mean({ axis: 1 }));
    const named = linearModel().compile({ optimizer: "sgd", loss: { kind: "cubed" } as never });
    await named.save(place("named"));
    expect((await (await loadModel(place("named"))).evaluate([[4]], [[0]])).loss).toBe(8);
  });

  test("is a table of its layers in Node's console", () => {
    const shown = linearModel();
    expect(inspect(shown)).toBe(shown.summary());
  });

  test("with a layer that holds a function without a name is refused, and says how to name it", async () => {
    const network = sequential([layers.lambda((t) => t.mul(2), { inputShape: [1] })]);
    await expect(network.save(place("lambda"))).rejects.toThrow(/lambda.*registerLayer/);
    expect(existsSync(place("lambda"))).toBe(false);
  });

  test("replaces an older one and drops what no longer belongs", async () => {
    cpSync(place("whole"), place("replaced"), { recursive: true });
    writeFileSync(join(place("replaced"), "notes.txt"), "mine");
    await linearModel().save(place("replaced"));
    expect(readdirSync(place("replaced")).sort()).toEqual(["model.json", "notes.txt", "weights.safetensors"]);
    expect((await loadModel(place("replaced"))).parameters.length).toBe(2);
  });

  test("carries the version of package.json", () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(libraryVersion).toBe(version);
  });

  test("is readable by Python's struct and json alone", () => {
    const script = `
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", raw[:8])
e = json.loads(raw[8:8+n])["dense_2/bias"]
a, b = e["data_offsets"]
print(struct.unpack("<f", raw[8+n+a:8+n+b])[0])`;
    let out: string;
    try {
      out = execFileSync("python3", ["-c", script, join(place("whole"), "weights.safetensors")], { encoding: "utf8" });
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return; // no Python here
      throw error;
    }
    return loadModel(place("whole")).then((loaded) => {
      expect(Number(out)).toBe(loaded.getWeights()["dense_2/bias"]?.[0]);
    });
  });
});

describe("where nothing can be written", () => {
  const onDisk =
    (options: string, body: (disk: string) => Promise<void>) => async (context: { skip(why: string): void }) => {
      const disk = mkdtempSync(join(scratch, "disk-"));
      const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk]).status === 0;
      if (!mounted) return context.skip("mounting a small disk needs a superuser");
      try {
        await body(disk);
      } finally {
        spawnSync("umount", [disk]);
      }
    };
  const large = () => sequential([layers.dense(200, { inputShape: [200] })]);

  test(
    "a full disk is named, and what was saved before stays whole",
    onDisk("size=64k", async (disk) => {
      await linearModel().save(join(disk, "model"));
      await expect(large().save(join(disk, "model"))).rejects.toThrow(
        /the disk is full.*saved there before is unchanged/,
      );
      expect(readdirSync(join(disk, "model")).sort()).toEqual(["model.json", "weights.safetensors"]);
      expect((await loadModel(join(disk, "model"))).parameters.length).toBe(2);
    }),
  );

  test(
    "a read-only disk is named",
    onDisk("ro", async (disk) => {
      await expect(linearModel().save(join(disk, "model"))).rejects.toThrow(
        /could not be saved.*the disk is read-only/,
      );
    }),
  );
});

describe("a damaged model is refused", () => {
  const damaged = (name: string, change: (folder: string) => void) => {
    const folder = mkdtempSync(join(scratch, "damaged-"));
    cpSync(place("whole"), folder, { recursive: true });
    change(join(folder, name));
    return folder;
  };
  const edited = (edit: (json: Record<string, never>) => void) =>
    damaged("model.json", (path) => {
      const json = JSON.parse(readFileSync(path, "utf8"));
      edit(json);
      writeFileSync(path, JSON.stringify(json));
    });

  test.each(["weights.safetensors", "optimizer.safetensors"])("any flipped bit of %s", async (name) => {
    const { size } = statSync(join(place("whole"), name));
    await fc.assert(
      fc.asyncProperty(fc.nat(size - 1), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        const folder = damaged(name, (path) => {
          const bytes = readFileSync(path);
          bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
          writeFileSync(path, bytes);
        });
        await expect(loadModel(folder)).rejects.toThrow(/safetensors is damaged: its checksum/);
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 40 },
    );
  });

  test.each(["weights.safetensors", "optimizer.safetensors", "model.json"])("%s cut short", async (name) => {
    const { size } = statSync(join(place("whole"), name));
    await fc.assert(
      fc.asyncProperty(fc.nat(size - 2), async (length) => {
        const folder = damaged(name, (path) => truncateSync(path, length));
        await expect(loadModel(folder)).rejects.toThrow(DescentError);
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 25 },
    );
  });

  test("any changed character of model.json: a DescentError, or a model that still works", async () => {
    const { size } = statSync(join(place("whole"), "model.json"));
    await fc.assert(
      fc.asyncProperty(fc.nat(size - 1), fc.integer({ min: 32, max: 126 }), async (at, character) => {
        const folder = damaged("model.json", (path) => {
          const bytes = readFileSync(path);
          bytes[at] = character;
          writeFileSync(path, bytes);
        });
        try {
          const loaded = await loadModel(folder);
          expect(loaded.parameters.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(DescentError);
        }
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 150 },
    );
  });

  test("any JSON value in place of any other in model.json: a DescentError, or a model that still works", async () => {
    const original = JSON.parse(readFileSync(join(place("whole"), "model.json"), "utf8"));
    const paths: string[][] = [];
    const walk = (value: unknown, path: string[]) => {
      if (path.length > 0) paths.push(path);
      if (typeof value === "object" && value !== null) {
        for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
      }
    };
    walk(original, []);
    const values = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.integer(),
      fc.constantFrom(1e9, 2 ** 40, -1, null, "", "dense_1", []),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), values, async (path, value) => {
        const folder = edited((json) => {
          let holder: Record<string, unknown> = json;
          for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
          holder[path.at(-1) as string] = value;
        });
        try {
          await loadModel(folder);
        } catch (error) {
          if (!(error instanceof DescentError)) throw error;
        }
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 200 },
    );
  });

  test.each<[string, () => string, RegExp]>([
    ["nothing there", () => place("nowhere"), /there is no model in .*nowhere: model.json: there is no such file/],
    [
      "no folder",
      () => join(place("whole"), "model.json"),
      /there is no model in .*a part of its path is not a folder/,
    ],
    [
      "missing weights",
      () => damaged("weights.safetensors", (path) => rmSync(path)),
      /weights.safetensors cannot be read: there is no such file/,
    ],
    [
      "another model's weights",
      () => damaged("weights.safetensors", (path) => copyFileSync(join(place("whole"), "optimizer.safetensors"), path)),
      /weights.safetensors has \d+ bytes. Expected \d+ bytes, as model.json says/,
    ],
    [
      "a foreign file",
      () => damaged("model.json", (path) => writeFileSync(path, '{"modelTopology": {}}')),
      /is not a model file. Expected JSON with "format": "descent-model"/,
    ],
    ["no JSON", () => damaged("model.json", (path) => writeFileSync(path, "hello")), /model.json is not JSON/],
    [
      "a newer format",
      () => edited((json) => Object.assign(json, { formatVersion: 2, library: { name: "descent", version: "9.1" } })),
      /has format version 2, written by Descent 9.1. Expected version 1/,
    ],
    [
      "an unknown field",
      () => edited((json) => Object.assign(json, { surprise: 1 })),
      /model.json is damaged.*surprise/,
    ],
    [
      "an unknown layer",
      () => edited((json) => edit(json, ["network", "layers", "1", "kind"], "dens")),
      /model.json: .*"dens".*"dense"/,
    ],
    [
      "an enormous layer",
      () => edited((json) => edit(json, ["network", "layers", "1", "options", "units"], 1e12)),
      /model.json is damaged: its layers have 3000000000000\d* \+ \d+ weights, and it announces|model.json/,
    ],
    [
      "an enormous file size",
      () => edited((json) => edit(json, ["weights", "bytes"], 2 ** 50)),
      /has \d+ bytes. Expected 1125899906842624 bytes/,
    ],
    [
      "another shape",
      () => edited((json) => edit(json, ["network", "layers", "0", "options", "shape"], [3])),
      /model.json is damaged: its layers have/,
    ],
  ])("%s", async (_, folder, message) => {
    await expect(loadModel(folder())).rejects.toThrow(message);
  });

  function edit(json: Record<string, unknown>, path: readonly string[], value: unknown): void {
    let holder = json;
    for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
    holder[path.at(-1) as string] = value;
  }
});
