import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runFixture } from "./support.ts";

describe("a process ends in order:", () => {
  test.each([
    ["idle", 0],
    ["exit", 0],
    ["exit in a run", 0],
    ["error in a run", 1],
    ["children", 0],
    ["workers", 0],
    ["workers stopped", 0],
  ])("%s", async (way, expected) => {
    const { code, signal, stdout, stderr } = await runFixture("exit.ts", { args: [way] });
    expect({ code, signal, stderr: expected === 0 ? stderr : "" }).toEqual({
      code: expected,
      signal: null,
      stderr: "",
    });
    if (way.endsWith("in a run")) expect(stdout).toBe("last line 0\n");
    else if (way.startsWith("workers")) expect(stdout).toBe("last line 1\n");
  });

  test("signal in a run", async () => {
    const { code, signal } = await runFixture("exit.ts", { args: ["signal in a run"] });
    expect({ code, signal }).toEqual({ code: null, signal: "SIGTERM" });
  });
});

describe("koffi that is", () => {
  const without = fileURLToPath(new URL("./fixtures/without-koffi.mjs", import.meta.url));
  test.each([
    ["missing", /^the package koffi, .* is not installed\. Fix: npm install koffi/],
    ["broken", /^the package koffi, .* can't be loaded \(libc\.so: wrong ELF class\)\. Fix: npm install koffi/],
  ])("%s is an error that tells what to do", async (KOFFI, message) => {
    const { stdout } = await runFixture("compile.ts", { env: { KOFFI }, node: ["--import", without] });
    const report = JSON.parse(stdout) as { error: string; message: string };
    expect(report.error).toBe("DescentError");
    expect(report.message).toMatch(message);
  });
});
