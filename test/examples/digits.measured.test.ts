import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { main } from "../../examples/digits.ts";
import { resolveEngine } from "../../src/tensor/index.ts";

const { engine, reason } = await resolveEngine();

test("npm start's job: at least 98.5 % of 2,000 test images", { timeout: 600_000 }, async (context) => {
  context.skip(engine.name !== "native", `needs native: ${reason}`);
  const folder = await mkdtemp(join(tmpdir(), "descent-digits-"));
  try {
    const { accuracy, confusion, seconds } = await main({ folder, verbose: 0 });
    console.log(`${(100 * accuracy).toFixed(2)} % after ${seconds.toFixed(1)} s`);
    expect(confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(2000);
    expect(accuracy).toBeGreaterThanOrEqual(0.985);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
