import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { resolveEngine } from "../../src/index.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-threads-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const door = new URL("../../src/index.ts", import.meta.url).href;

/** Trains a network with every kind of sum (convolution, product, reduction, dropout) and prints a digest of its weights. */
const program = `
import { createHash } from "node:crypto";
import { layers, sequential } from ${JSON.stringify(door)};
const model = sequential([
  layers.conv2d(8, 3, { activation: "relu", inputShape: [12, 12, 1] }),
  layers.batchNormalization(),
  layers.maxPooling2d(),
  layers.flatten(),
  layers.dropout(0.3),
  layers.dense(64, { activation: "tanh" }),
  layers.dense(5, { activation: "softmax" }),
]);
model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
const pixels = Float32Array.from({ length: 150 * 144 }, (_, i) => Math.sin(i * i));
const labels = Int32Array.from({ length: 150 }, (_, i) => i % 5);
const { history } = await model.fit({ data: pixels, shape: [150, 12, 12, 1] }, labels, { epochs: 3, batchSize: 64, verbose: 0 });
const digest = createHash("sha256").update(model.parameters).update(model.moving).digest("hex");
console.log(JSON.stringify({ digest, history }));
`;

const { engine, reason } = await resolveEngine();

test("training gives the same bits for 1, 2 and 4 threads", { timeout: 120_000 }, async (context) => {
  context.skip(engine.name !== "native", `needs native: ${reason}`);
  const file = join(scratch, "program.mts");
  writeFileSync(file, program);
  const outputs: string[] = [];
  for (const threads of ["1", "2", "4"]) {
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", import.meta.resolve("tsx"), file], {
      env: { ...process.env, DESCENT_THREADS: threads },
    });
    outputs.push(stdout);
  }
  expect(outputs[0]).toMatch(/"digest":"[0-9a-f]{64}"/);
  expect(outputs[1]).toBe(outputs[0]);
  expect(outputs[2]).toBe(outputs[0]);
});
