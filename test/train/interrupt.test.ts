import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { loadModel } from "../../src/index.ts";
import { builtPackage } from "../tools/built.ts";

const scratch = mkdtempSync(join(tmpdir(), "descent-interrupt-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const door = pathToFileURL(join(await builtPackage(), "dist/node/index.js")).href;

/** Trains for ever in another process, tells when it has begun, and what fit answered. */
const program = (options: string, after = "") => `
import { layers, sequential } from ${JSON.stringify(door)};
const model = sequential([layers.dense(4, { inputShape: [2] }), layers.dense(1)]);
model.compile({ optimizer: "adam", loss: "meanSquaredError", engine: "reference" });
const begun = { onStepEnd({ step }) { if (step === 50) console.log("BEGUN"); } };
const before = process.listenerCount("SIGINT");
const history = await model.fit([[1, 2], [3, 4], [5, 6]], [[1], [2], [3]], {
  epochs: 1e9, batchSize: 2, verbose: "auto", callbacks: [begun], ${options}
});
console.log("ANSWER " + JSON.stringify({ ...history, history: undefined, epochs: history.epochs.length, step: history.steps,
  listeners: process.listenerCount("SIGINT") - before }));
${after}`;

/** Runs a program and sends it Ctrl-C whenever it says one of `cues`. */
async function interrupted(
  source: string,
  cues: readonly string[],
): Promise<{ out: string; code: number | null; signal: string | null }> {
  const folder = mkdtempSync(join(scratch, "run-"));
  writeFileSync(join(folder, "program.mjs"), source);
  const child = spawn(process.execPath, ["program.mjs"], { cwd: folder });
  let out = "";
  const left = [...cues];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    if (left[0] && out.includes(left[0])) {
      left.shift();
      child.kill("SIGINT");
    }
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on("close", (code, signal) => resolve([code, signal]));
  });
  return { out, code, signal };
}

describe("Ctrl-C", () => {
  test("finishes the step, saves, says where, and lets the program go on", async () => {
    const folder = join(scratch, "saved");
    const { out, code } = await interrupted(program(`saveTo: ${JSON.stringify(folder)}`), ["BEGUN"]);
    expect(out).toContain(`Interrupted: saved to ${folder}`);
    const answer = JSON.parse(/ANSWER (.*)/.exec(out)?.[1] ?? "{}");
    expect(answer).toMatchObject({ interrupted: true, reason: "interrupted", savedTo: folder, listeners: 0 });
    expect(answer.step).toBeGreaterThanOrEqual(50);
    expect(code).toBe(0);
    const model = await loadModel(folder);
    expect((await model.predict([[1, 2]])).shape).toEqual([1, 1]);
    const again = await model.fit([[1, 2]], [[1]], { verbose: 0 }); // and goes on where it was
    expect(again.steps).toBe(1);
  });

  test("before the first step, while the network is compiled, ends at once, and changes and writes nothing", async () => {
    const folder = join(scratch, "compiling");
    // The loss is traced just before; the signal waits until what is compiled lets the event loop turn.
    const early = `loss(yTrue, yPred) {
      if (!globalThis.sent) process.kill(process.pid, "SIGINT");
      globalThis.sent = true;
      for (const until = performance.now() + 50; performance.now() < until; );
      return yTrue.sub(yPred).square().mean();
    }, engine: "wasm"`;
    const again = `const more = await model.fit([[1, 2]], [[1]], { verbose: 0 });
      console.log("MORE " + more.steps + " " + readdirSync(".").join());`;
    const source = program(`saveTo: ${JSON.stringify(folder)}, checkpoint: ${JSON.stringify(`${folder}-kept`)}`, again)
      .replace('loss: "meanSquaredError", engine: "reference"', early)
      .replace("import {", 'import { readdirSync } from "node:fs";\nimport {');
    const { out, code } = await interrupted(source, []);
    expect(out).toContain("Interrupted before the first step: nothing was trained or written");
    expect(JSON.parse(/ANSWER (.*)/.exec(out)?.[1] ?? "{}")).toMatchObject({
      interrupted: true,
      reason: "interrupted",
      epochs: 0,
      step: 0,
      listeners: 0,
    });
    expect(out).toContain("MORE 1 program.mjs");
    expect([existsSync(folder), readdirSync(`${folder}-kept`)]).toEqual([false, []]);
    expect(code).toBe(0);
  });

  test("without saveTo, saves beside the program", async () => {
    const { out } = await interrupted(program(""), ["BEGUN"]);
    expect(out).toMatch(/Interrupted: saved to descent-interrupted-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d/);
    const runs = readdirSync(scratch).filter((name) => name.startsWith("run-"));
    const found = runs
      .flatMap((run) => readdirSync(join(scratch, run)))
      .filter((name) => name.startsWith("descent-interrupted"));
    expect(found).toHaveLength(1);
  });

  test("a second time quits at once", async () => {
    const slow = "onTrainEnd: () => { console.log('ENDING'); return new Promise(() => setInterval(() => {}, 1000)); }";
    const source = program("").replace("onStepEnd(", `${slow}, onStepEnd(`);
    const { signal, out } = await interrupted(source, ["BEGUN", "ENDING"]);
    expect(signal).toBe("SIGINT");
    expect(out).not.toContain("ANSWER");
  });

  test("after fit does what it always does", async () => {
    const after = 'console.log("AFTER"); setInterval(() => {}, 1000);';
    const source = program("", after).replace("epochs: 1e9", "epochs: 20");
    const { signal } = await interrupted(source, ["AFTER"]);
    expect(signal).toBe("SIGINT");
  });

  test("when it cannot save says so and still ends well", async () => {
    const file = join(scratch, "a-file");
    writeFileSync(file, "");
    const { out, code } = await interrupted(program(`saveTo: ${JSON.stringify(join(file, "below"))}`), ["BEGUN"]);
    expect(out).toMatch(/Interrupted, and not saved: the model could not be saved to .*a-file/);
    expect(out).toContain('"interrupted":true');
    expect(code).toBe(0);
  });
});
