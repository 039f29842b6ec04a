// What `npm test` runs: installs what is missing, then lint, types and all tests. Further arguments go to vitest
// (`npm test -- test/nn`). Closes with one line "N passed, N failed[, N skipped]" that also counts lint and types.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureInstalled, root } from "./install.mjs";

ensureInstalled();

const modules = join(root, "node_modules");
const totals = { passed: 0, failed: 0, skipped: 0 };

/** Runs one tool of node_modules; true when it exits with 0. */
function run(title, script, args, env = {}) {
  console.log(`\n== ${title}`);
  const start = performance.now();
  const { status, error } = spawnSync(process.execPath, [join(modules, script), ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (error) console.error(error.message);
  console.log(`${title}: ${status === 0 ? "ok" : "FAILED"} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return status === 0;
}

function count(passed) {
  if (passed) totals.passed++;
  else totals.failed++;
}

count(run("lint and format (biome)", "@biomejs/biome/bin/biome", ["check", "."]));
count(run("types (tsc)", "typescript/bin/tsc", ["--noEmit"]));

const folder = mkdtempSync(join(tmpdir(), "descent-test-"));
const file = join(folder, "totals.json");
const passed = run(
  "tests (vitest)",
  "vitest/vitest.mjs",
  ["run", "--reporter=default", "--reporter=./scripts/reporter.ts", ...process.argv.slice(2)],
  { DESCENT_TEST_TOTALS: file },
);
const counted = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { passed: 0, failed: 0, skipped: 0 };
rmSync(folder, { recursive: true, force: true });
if (counted.passed + counted.failed === 0) {
  console.error("No test ran.");
  totals.failed++;
} else if (!passed && counted.failed === 0) {
  console.error("vitest failed outside of any test.");
  totals.failed++;
}
for (const state of Object.keys(totals)) totals[state] += counted[state];

console.log(
  `\n${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ""}`,
);
process.exit(totals.failed === 0 ? 0 : 1);
