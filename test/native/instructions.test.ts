import { expect, it } from "vitest";
import { difference, joinCases, opCases, runCase } from "../../src/engine/index.ts";
import { openNativeEngine } from "../../src/engines/native/index.ts";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import { OPS } from "../../src/ir/index.ts";
import { withEnvironment } from "../engine/environment.ts";

it("AVX2 code agrees with reference as this machine's own does", async (context) => {
  context.skip(process.arch !== "x64", "needs an x86-64 processor");
  const found = await withEnvironment({ DESCENT_NATIVE_ARCH: "x86-64-v3" }, openNativeEngine);
  if ("reason" in found) return context.skip(`needs native: ${found.reason}`);
  const cases = opCases(OPS.filter(({ samples }) => samples.length > 0));
  const joined = joinCases(cases);
  const [computed, expected] = [await runCase(found.engine, joined), await runCase(referenceEngine, joined)];
  const wrong = cases.filter((_, i) => !(difference(computed[i]!, expected[i]!) <= 1e-5));
  expect(wrong.map(({ name }) => name)).toEqual([]);
});
