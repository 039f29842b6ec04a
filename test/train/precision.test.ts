import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { print } from "../../src/ir/index.ts";
import { layers } from "../../src/nn/index.ts";
import { randomKey, zeros } from "../../src/tensor/index.ts";
import { type CompileOptions, loadModel, type Model, sequential } from "../../src/train/index.ts";

const folder = await mkdtemp(join(tmpdir(), "descent-precision-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const x = randomKey(4).normal([60, 12]);
const y = x
  .slice(null, [0, 1])
  .tanh()
  .add(x.slice(null, [1, 2]));

function made(options: Partial<CompileOptions>): Model {
  const net = [layers.dense(16, { activation: "tanh", inputShape: [12] }), layers.dense(1)];
  return sequential(net, { seed: 3 }).compile({ optimizer: "adam", loss: "meanSquaredError", ...options });
}

const textOf = (model: Model): string => {
  const { outputs } = model.forward([zeros([2, 12])], zeros([model.lengths.parameters]), undefined, {
    training: false,
  });
  return print(outputs.map(({ node }) => node));
};

describe("compile({ precision })", () => {
  it.each([
    ["bfloat", /unknown precision "bfloat".*one of float32, bfloat16.*did you mean "bfloat16"/],
    ["float16", /unknown precision "float16".*did you mean "bfloat16"/],
    ["FLOAT32", /unknown precision "FLOAT32".*did you mean "float32"/],
    [16, /unknown precision "16"/],
    [null, /unknown precision "null"/],
  ])("refuses %j", (precision, message) => {
    expect(() => made({ precision: precision as unknown as "bfloat16" })).toThrow(message);
  });

  it("decides what the layers' products are computed with, until it is compiled again", () => {
    const model = made({ precision: "bfloat16" });
    expect(textOf(model).match(/matmul\(.*precision="bfloat16"/g)).toHaveLength(2);
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    expect(textOf(model)).not.toContain("precision");
  });

  it.each(["native", "wasm", "reference"] as const)(
    "learns as in float32 on %s, and gives other bits",
    async (engine) => {
      const losses = [];
      for (const precision of ["float32", "bfloat16"] as const) {
        const model = made({ engine, precision });
        const before = (await model.evaluate(x, y)).loss as number;
        const { history } = await model.fit(x, y, { epochs: 8, batchSize: 20, verbose: 0 });
        losses.push([before, history["loss"]!.at(-1)!] as const);
      }
      const [[before, plain], [, rounded]] = losses as unknown as [[number, number], [number, number]];
      expect(plain).toBeLessThan(0.9 * before);
      expect(rounded).not.toBe(plain);
      expect(Math.abs(rounded - plain)).toBeLessThan(0.01 * plain);
    },
  );

  it("is saved with the model: it predicts and trains on with the same bits", async () => {
    const model = made({ precision: "bfloat16" });
    await model.fit(x, y, { epochs: 2, batchSize: 20, verbose: 0 });
    await model.save(join(folder, "half"));
    const again = await loadModel(join(folder, "half"));
    expect(await (await again.predict(x)).data()).toEqual(await (await model.predict(x)).data());
    const on = async (each: Model) => (await each.fit(x, y, { epochs: 1, batchSize: 20, verbose: 0 })).history["loss"];
    expect(await on(again)).toEqual(await on(model));
    await made({}).save(join(folder, "plain"));
    const saved = async (name: string) => JSON.parse(await readFile(join(folder, name, "model.json"), "utf8")).training;
    expect((await saved("half")).precision).toBe("bfloat16");
    expect(await saved("plain")).not.toHaveProperty("precision");
  });
});
