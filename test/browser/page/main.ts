import {
  type File,
  type Suite,
  startTests,
  type Test,
  type VitestRunner,
  type VitestRunnerConfig,
} from "@vitest/runner";
import type { TestReport } from "../reports.ts";

/** Runs test files in this page. What becomes of every test is told to the driver by `report`, which it has put here. */

/** The very files that Node runs; `vitest` is page/vitest.ts here. */
const FILES: Readonly<Record<string, () => Promise<unknown>>> = {
  "engine/identical": () => import("../../engine/identical.test.ts"),
  "engine/conformance": () => import("../../engine/conformance.test.ts"),
  "engine/numbers": () => import("../../engine/numbers.test.ts"),
  "engine/shapes": () => import("../../engine/shapes.test.ts"),
  "engine/state": () => import("../../engine/state.test.ts"),
  "ir/gradients": () => import("../../ir/gradients.test.ts"),
  "golden/activations": () => import("../../golden/activations.test.ts"),
  "golden/layers": () => import("../../golden/layers.test.ts"),
  "golden/losses": () => import("../../golden/losses.test.ts"),
  "golden/metrics": () => import("../../golden/metrics.test.ts"),
  "golden/optimizers": () => import("../../golden/optimizers.test.ts"),
  "golden/training": () => import("../../golden/training.test.ts"),
  "examples/small": () => import("../../examples/small.test.ts"),
  "the digits": () => import("./digits.page.ts"),
  "the page itself": () => import("./host.page.ts"),
};

declare global {
  var report: (reports: readonly TestReport[]) => Promise<void>;
}

const config: VitestRunnerConfig = {
  root: "/",
  setupFiles: [],
  name: undefined,
  passWithNoTests: false,
  testNamePattern: undefined,
  allowOnly: false,
  sequence: { seed: 1, hooks: "stack", setupFiles: "list" },
  chaiConfig: undefined,
  maxConcurrency: 1,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 0,
  includeTaskLocation: false,
  tags: [],
  tagsFilter: undefined,
  strictTags: false,
};

const runner: VitestRunner = {
  config,
  importFile: async (path) => {
    await FILES[path]!();
  },
  onCollected: (files) => report(files.flatMap((file) => testsOf(file).map((test) => reportOf(test, file)))),
  onAfterRunTask: (test) => report([reportOf(test, test.file)]),
};

/** All tests below; a file that can't be loaded has none and stands for itself. */
function testsOf(task: File | Suite | Test): (File | Suite | Test)[] {
  if (task.type === "test") return [task];
  return task.tasks.length === 0 ? [task] : task.tasks.flatMap(testsOf);
}

function reportOf(task: File | Suite | Test, file: File): TestReport {
  // A test that never ran has failed with a hook of a suite around it.
  const errors = (task.result?.errors ?? []).concat(ancestors(task).flatMap(({ result }) => result?.errors ?? []));
  return {
    id: task.id,
    file: file.name,
    name: [
      ...ancestors(task)
        .map(({ name }) => name)
        .slice(1),
      task.name,
    ].join(" > "),
    state: errors.length > 0 ? "fail" : (task.result?.state ?? "run"),
    note: (task.result as { note?: string } | undefined)?.note, // vitest's types leave it out
    errors: errors.map(({ message, diff, stack }) => [message, diff ?? stack].filter(Boolean).join("\n")),
  };
}

/** Suites around, the file first. */
function ancestors(task: File | Suite | Test): Suite[] {
  const around = task.suite ?? (task === task.file ? undefined : task.file);
  return around ? [...ancestors(around), around] : [];
}

const files = await startTests(Object.keys(FILES), runner);
await report(
  files.flatMap((file) =>
    testsOf(file).map((test) => {
      const last = reportOf(test, file);
      return last.state === "run" ? { ...last, state: "fail" as const, errors: ["did not run"] } : last;
    }),
  ),
);
