import { expect, test } from "vitest";
import { fromArrays } from "../../src/data/index.ts";
import type { BatchProgram, Series } from "../../src/train/batch-program.ts";
import { type ArrayData, readColumn } from "../../src/train/column.ts";
import { Pace } from "../../src/train/pace.ts";
import { StreamFeed } from "../../src/train/stream/feed.ts";
import { ProgramsBySize } from "../../src/train/stream/programs.ts";

/** A program that only takes batches of one column of one number. */
class Taking implements BatchProgram {
  readonly columns: readonly [Float32Array];
  readonly control = new Uint32Array(3);
  readonly rate = new Float32Array(1);
  readonly outputs = {};
  readonly program = this;
  steps = 1;

  constructor(readonly size: number) {
    this.columns = [new Float32Array(size)];
  }

  run = () => undefined;
}

const held = (series: Series | undefined) => [...(series?.program.columns[0] ?? [])];

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

test("a program that is still compiled holds up its own batch, and counts as no lack of data", async () => {
  const begun: number[] = [];
  let finish = () => {};
  const programs = new ProgramsBySize(async (size) => {
    begun.push(size);
    if (size === 2) await new Promise<void>((resolve) => (finish = resolve));
    return new Taking(size);
  });
  const dataset = fromArrays({ x: Float32Array.from({ length: 10 }, (_, i) => i) }).batch(4);
  const feed = new StreamFeed({
    dataset,
    size: 4,
    epochs: 1,
    stepsPerCall: null,
    programs,
    async read({ x }, name) {
      const column = await readColumn(name, x as ArrayData);
      return { inputs: [column], targets: [], weight: undefined, rows: column.rows };
    },
  });
  await feed.begin(0, 0, null, new Pace());
  const seen: number[][] = [];
  for (let batch = 0; batch < 2; batch++) {
    seen.push(held(await feed.next(1)));
  }
  await turns(20);
  expect(begun).toEqual([4, 2]); // before the last batch is asked for

  let there = false;
  const last = Promise.resolve(feed.next(1)).then((series) => {
    there = true;
    return series;
  });
  await turns(20);
  expect(there).toBe(false);
  const { waited } = feed;
  finish();
  seen.push(held(await last));
  expect(feed.waited).toBe(waited);
  expect(seen).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ]);
  expect(await feed.next(1)).toBeUndefined();
  await feed.close();
});

test("a program that could not be compiled is tried again", async () => {
  let tries = 0;
  const programs = new ProgramsBySize(async (size) => {
    if (++tries === 1) throw new Error("no compiler");
    return new Taking(size);
  });
  await expect(programs.of(3)).rejects.toThrow("no compiler");
  const coming = programs.of(3);
  expect((await coming).size).toBe(3);
  expect(programs.of(3)).toBe(await coming);
  expect(tries).toBe(2);
});
