import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { descent, workFolder, write, xor } from "./fixture.ts";

const folder = workFolder();
const env = { DESCENT_ENGINE: "wasm", COLUMNS: "80" };

describe.concurrent("descent profile", () => {
  test("shows kernels, layers and memory in 80 columns, and writes nothing but the trace", async () => {
    write(folder, { "xor.json": xor() });
    const { code, stdout, stderr } = await descent(
      folder,
      ["profile", "xor.json", "--steps", "8", "--trace", "trace.json"],
      () => undefined,
      env,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/: 8 steps of 4 samples on wasm, 1 thread$/m);
    expect(stdout).toMatch(/^machine at best: \d+ GFLOP\/s/m);
    expect(stdout).toMatch(/^kernel +layer/m);
    expect(stdout).toMatch(/^dense_2 /m);
    expect(stdout).toMatch(/^A step's memory: /m);
    expect(stdout).toContain("Wrote trace.json");
    expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(JSON.parse(readFileSync(join(folder, "trace.json"), "utf8"))).toHaveProperty("traceEvents");
    expect(existsSync(join(folder, "runs"))).toBe(false);
  });

  test("prints JSON", async () => {
    write(folder, { "again.json": xor() });
    const { code, stdout } = await descent(folder, ["profile", "again.json", "--json"], () => undefined, env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ engine: "wasm", steps: 50, batchSize: 4 });
  });

  test.each([
    [["profile"], 2, "missing required argument 'config' (--help shows what is known)"],
    [
      ["profile", "x", "--trase", "t"],
      2,
      "unknown option '--trase' (Did you mean --trace?) (--help shows what is known)",
    ],
    [
      ["profile", "wrong.json", "--trace", "no/t.json"],
      2,
      /^--trace no\/t\.json can't be written: there is no folder /,
    ],
    [["profile", "wrong.json", "--trace", "."], 2, "--trace . can't be written: this is a folder. Expected a file."],
    [["profile", "wrong.json", "--steps", "0"], 2, "--steps is 0. Expected at least 1."],
    [["profile", "wrong.json"], 2, /^wrong\.json: model/],
  ] as const)("%j", async (args, code, message) => {
    write(folder, { "wrong.json": xor({ model: 5 }) });
    const ended = await descent(folder, args, () => undefined, env);
    const said = /^Error: ([^\n]+)\n$/.exec(ended.stderr)?.[1];
    if (typeof message === "string") expect(said).toBe(message);
    else expect(said).toMatch(message);
    expect(ended.code).toBe(code);
  });
});
