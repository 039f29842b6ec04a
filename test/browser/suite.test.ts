import { afterAll, describe, expect, test } from "vitest";
import { missing } from "./host.ts";
import { openSuite } from "./suite.ts";

/** The variables of this process that tests know. */
function ownEnvironment(): Record<string, string> {
  const own = Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith("DESCENT_") && value !== undefined ? [[name, value] as const] : [],
  );
  return Object.fromEntries(own);
}

// The test files of page/main.ts, run in a cross-origin isolated page of Chromium; each of their tests is one here.
if (missing !== undefined) {
  test("runs in a page", (context) => context.skip(missing));
} else {
  const suite = await openSuite(ownEnvironment());
  afterAll(() => suite.close());

  describe.each([...new Set(suite.tests.map(({ file }) => file))])("in a page: %s", (file) => {
    const tests = suite.tests.filter((each) => each.file === file);
    test.for(tests.map(({ name, id }) => [name, id] as const))("%s", { timeout: 600_000 }, async ([, id], context) => {
      const { state, errors, note } = await suite.result(id);
      context.skip(state === "skip", note);
      expect(errors.join("\n\n")).toBe("");
      expect(state).toBe("pass");
    });
  });
}
