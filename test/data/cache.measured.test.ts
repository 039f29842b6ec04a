import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fromGenerator } from "../../src/data/index.ts";

test("a cache on disk that is read without giving batches back keeps a few pieces in memory, not the file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "descent-cache-"));
  const rows = fromGenerator(
    function* () {
      for (let i = 0; i < 2000; i++) yield { x: new Float32Array(10_000).fill(i) };
    },
    { name: "80 MB of rows" },
  );
  const cached = rows.batch(10).cache(folder);
  for await (const _ of cached);
  globalThis.gc?.();
  const before = process.memoryUsage().arrayBuffers;
  const reading = cached.read();
  let count = 0;
  while (await reading.next()) count++;
  await new Promise((resolve) => setTimeout(resolve, 0)); // what the loop still holds goes
  globalThis.gc?.();
  expect(count).toBe(200);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30e6);
  await reading.close();
  rmSync(folder, { recursive: true });
});
