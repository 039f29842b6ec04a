import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./scripts/longest-first.ts";

const source = fileURLToPath(new URL("./src", import.meta.url));

/** Tests that measure memory or need the machine for themselves; they run one at a time after all the others. */
const MEASURED = "test/**/*.measured.test.ts";

/**
 * Tests of what a process has once: its environment, the cache of compiled programs, pools of threads, a browser, the registries of
 * names; and of what takes minutes. Each file has a process of its own. All others share a few, in which the modules and the engines are there already: that was most
 * of the time of most files. They leave the environment as they found it, but names that they register stay.
 */
const ALONE = ["browser/**/*", "docs/examples", "engine/conformance", "golden/**/*", "native/**/*", "wasm/**/*"].map(
  (files) => `test/${files}.test.ts`,
);

export default defineConfig({
  resolve: {
    // The package's doors, as its "exports" name them.
    alias: [
      { find: /^descent$/, replacement: `${source}/index.ts` },
      { find: /^descent\/(\w+)$/, replacement: `${source}/$1/index.ts` },
    ],
  },
  test: {
    pool: "forks",
    globalSetup: "test/tools/built-folder.ts",
    // Compilers and pools of threads run beside each of them.
    maxWorkers: Math.max(2, availableParallelism() >> 1),
    sequence: { sequencer: LongestFirst },
    // Far beyond what tests take on a quiet machine: others may use this one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
    // fast-check and others print seeds themselves; console output of passing tests is noise.
    silent: "passed-only",
    projects: [
      {
        extends: true,
        test: {
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: [MEASURED, ...ALONE],
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: ALONE,
          exclude: [MEASURED],
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "measured",
          include: [MEASURED],
          maxWorkers: 1,
          execArgv: ["--expose-gc"],
          fileParallelism: false,
          testTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
