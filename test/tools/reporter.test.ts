import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs vitest over one fixture with the reporter of `npm test`. */
function run(fixture: string, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "descent-reporter-"));
  const totals = join(folder, "totals.json");
  try {
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        join(root, "node_modules/vitest/vitest.mjs"),
        "run",
        "--root",
        join(root, "test/tools/fixtures"),
        "--reporter",
        join(root, "scripts/reporter.ts"),
        fixture,
      ],
      { encoding: "utf8", env: { ...process.env, DESCENT_REQUIRE: "", ...env, DESCENT_TEST_TOTALS: totals } },
    );
    return { status, stdout, totals: JSON.parse(readFileSync(totals, "utf8")) as unknown };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("counts what passed, failed and was skipped, and tells why; a skip without a reason fails", () => {
  const { status, stdout, totals } = run("mixed");
  expect(totals).toEqual({ passed: 1, failed: 2, skipped: 2 });
  expect(stdout).toContain("skips for a compiler: needs native: no C compiler found");
  expect(stdout).toMatch(/FAILED .*skips without a reason/);
  expect(status).not.toBe(0);
});

test("refuses to skip what DESCENT_REQUIRE lists", () => {
  const { stdout, totals } = run("mixed", { DESCENT_REQUIRE: "native" });
  expect(totals).toEqual({ passed: 1, failed: 3, skipped: 1 });
  expect(stdout).toMatch(/FAILED .*needs native: .*DESCENT_REQUIRE/);
});

test("counts a file that cannot be loaded as a failure", () => {
  expect(run("broken")).toMatchObject({ totals: { passed: 0, failed: 1, skipped: 0 } });
});

test("counts an error that no test caught as a failure", () => {
  expect(run("unhandled")).toMatchObject({ totals: { passed: 1, failed: 1, skipped: 0 } });
});
