import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";

/** What scripts/test.mjs needs to know of a run. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Counts a run, prints the reason of every skipped test, and writes the totals to the file $DESCENT_TEST_TOTALS.
 *
 * A skip needs a reason (`context.skip("needs clang: ...")`): one without counts as a failure. So does a skip whose
 * reason begins "needs X" when X is listed in $DESCENT_REQUIRE (comma separated), as CI does for what it installs.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const totals: Totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const required = (process.env.DESCENT_REQUIRE ?? "").split(",").filter(Boolean);
    const lines: string[] = [];
    for (const module of modules) {
      // A file that can't be loaded, or whose hooks fail, fails even though it holds no failed test.
      let failedTests = 0;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") totals.passed++;
        else if (result.state === "skipped" && test.options.mode !== "todo") {
          const complaint = complaintAbout(result.note, required);
          lines.push(`${complaint ? "FAILED" : "skipped"}  ${where(test)}: ${complaint ?? result.note}`);
          if (complaint) failedTests++;
          else totals.skipped++;
        } else {
          if (result.state !== "failed") lines.push(`FAILED  ${where(test)}: did not run (${result.state})`);
          failedTests++;
        }
      }
      totals.failed += failedTests === 0 && module.state() === "failed" ? 1 : failedTests;
    }
    if (lines.length > 0) console.log(`\n${lines.join("\n")}`);
    const file = process.env.DESCENT_TEST_TOTALS;
    if (file) writeFileSync(file, JSON.stringify(totals));
  }
}

function where(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

/** Why a skip is no skip, or undefined for one that stands. */
function complaintAbout(reason: string | undefined, required: readonly string[]): string | undefined {
  if (!reason) return 'skipped without a reason; use context.skip("needs X: why")';
  const need = /^needs ([\w-]+)/.exec(reason)?.[1];
  return need && required.includes(need) ? `${reason} (but DESCENT_REQUIRE lists ${need})` : undefined;
}
