import { expect, test } from "vitest";
import { type Batch, type Dataset, type DatasetState, type DenseArray, fromGenerator } from "../../src/data/index.ts";
import fc from "../tools/properties.ts";

const numbers = (count: number) =>
  fromGenerator(function* count_() {
    for (let i = 0; i < count; i++) yield { x: [i, -i], y: i };
  });

const valuesOf = (batch: Batch) => [...((batch["y"] as DenseArray).data as Float32Array)];

async function inBatches(dataset: Dataset, from: { pass?: number; state?: DatasetState }): Promise<number[][]> {
  const all: number[][] = [];
  for await (const batch of dataset.read(from)) all.push(valuesOf(batch));
  return all;
}

interface Piece {
  readonly values: number[];
  /** The place after so many batches of it. */
  readonly states: DatasetState[];
}

/** What blocks hold, batch by batch. Two are held at a time, and memory that came back is used again before it is looked at. */
async function inBlocks(
  dataset: Dataset,
  size: number,
  from: { pass?: number; state?: DatasetState },
): Promise<Piece[]> {
  const reading = dataset.read(from);
  expect(reading.inBlocks).toBe(true);
  const pieces: Piece[] = [];
  const look = (block: NonNullable<Awaited<ReturnType<typeof reading.block>>>) => {
    for (let at = 0; at < block.length; at += size) {
      const stop = Math.min(block.length, at + size);
      const state = JSON.parse(JSON.stringify({ pass: reading.pass, position: block.position(stop) }));
      pieces.push({ values: valuesOf(block.rows(at, stop)), states: [state] });
    }
    reading.release(block);
  };
  let held = await reading.block();
  while (held) {
    const next = await reading.block();
    look(held);
    held = next;
  }
  return pieces;
}

test("blocks hold the batches that a reading gives, and a reading goes on from any place in them", async () => {
  const sizes = fc.record({
    rows: fc.integer({ min: 0, max: 60 }),
    window: fc.integer({ min: 1, max: 25 }),
    size: fc.integer({ min: 1, max: 12 }),
    dropRemainder: fc.boolean(),
    pass: fc.integer({ min: 0, max: 2 }),
    cut: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ rows, window, size, dropRemainder, pass, cut }) => {
      const dataset = numbers(rows).shuffle({ seed: 3, buffer: window }).batch(size, { dropRemainder });
      const wanted = await inBatches(dataset, { pass });
      const found = await inBlocks(dataset, size, { pass });
      expect(found.map(({ values }) => values)).toEqual(wanted);
      if (found.length === 0) return;
      const place = cut % found.length;
      const state = found[place]?.states[0] as DatasetState;
      expect(await inBatches(dataset, { state })).toEqual(wanted.slice(place + 1));
      expect((await inBlocks(dataset, size, { state })).map(({ values }) => values)).toEqual(wanted.slice(place + 1));
      // Where batches ended, blocks go on: a training may have begun on an engine without them.
      const reading = dataset.read({ pass });
      for (let i = 0; i <= place; i++) await reading.next();
      const between = JSON.parse(JSON.stringify(reading.state()));
      await reading.close();
      const rest = await inBlocks(dataset, size, { state: between });
      expect(rest.map(({ values }) => values)).toEqual(wanted.slice(place + 1));
    }),
    { numRuns: 60 },
  );
});

test("what is changed after it was shuffled comes in batches", async () => {
  const plain = numbers(10).shuffle({ seed: 1, buffer: 4 }).batch(2).read();
  const mapped = numbers(10)
    .shuffle({ seed: 1, buffer: 4 })
    .map((sample) => sample)
    .batch(2)
    .read();
  expect([plain.inBlocks, mapped.inBlocks]).toEqual([true, false]);
  await Promise.all([plain.close(), mapped.close()]);
});
