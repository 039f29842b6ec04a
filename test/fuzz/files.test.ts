import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { formats } from "./formats.ts";
import { fuzz } from "./mutate.ts";

// The short form of `npm run fuzz`.

const scratch = mkdtempSync(join(tmpdir(), "descent-fuzz-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const all = await formats(scratch);
const seed = Number(process.env["DESCENT_SEED"] ?? Date.now() % 1e6);

test.each(all)(
  "damaged: $name",
  async (format) => {
    const others = all.map(({ whole }) => whole);
    // DuckDB takes its time; four changes of a CSV may leave a table, forty do not.
    const count = format.name === "table.csv" ? 40 : /^table/.test(format.name) ? 4 : 16;
    const { faults, refused } = await fuzz(format, others, count, seed, join(scratch, "short", format.name));
    expect(faults, `seed ${seed}`).toEqual([]);
    expect(refused).toBeGreaterThan(0);
  },
  60_000,
);
