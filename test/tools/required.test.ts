import { expect, test } from "vitest";
import { resolveEngine } from "../../src/tensor/index.ts";

// Tests over all engines that work here would pass without a compiler too. Where it must be there, this one tells.
test("the native engine works here", async (context) => {
  const { engine, reason } = await resolveEngine("auto");
  context.skip(engine.name !== "native", `needs native: ${reason}`);
  expect((await resolveEngine("native")).engine.name).toBe("native");
});
