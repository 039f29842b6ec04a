import { fail, HostRandom, show } from "../../../util/index.ts";
import { isDenseArray, isNumberArray } from "../../arrays.ts";
import { type Batch, type BatchColumn, gatherBatch, lengthOf, rowsOf } from "../batch.ts";
import type { Flow } from "../flow.ts";
import { stackValues } from "../stack.ts";
import { range } from "./rows.ts";

/** One sample: a value for each column. Numbers are numbers, or { data, shape } where a sample has axes. */
export type Sample = Readonly<Record<string, unknown>>;

/** What a function that changes samples may know besides. */
export interface SampleContext {
  /** The sample's number in this pass, counted from 0. */
  readonly index: number;
  /** The pass over the data (in `fit` the epoch), counted from 0. */
  readonly pass: number;
  /** Random numbers of this sample in this pass: the same ones, whoever computes it. */
  readonly random: HostRandom;
}

export type MapSample = (sample: Sample, context: SampleContext) => Sample | Promise<Sample>;
export type MapBatch = (batch: Batch, context: SampleContext) => Batch | Promise<Batch>;
export type Predicate = (sample: Sample, context: SampleContext) => boolean;

export function contextOf(seed: number, pass: number, index: number): SampleContext {
  let random: HostRandom | undefined;
  return {
    index,
    pass,
    get random() {
      random ??= new HostRandom(seed, streamOf(pass, index));
      return random;
    },
  };
}

/** Random numbers of their own for each sample of each pass. */
export function streamOf(pass: number, index: number): number {
  return (Math.imul(pass + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0xc2b2ae35)) >>> 0;
}

/** The sample in a row of a batch; of numbers without a copy. */
export function sampleOf(batch: Batch, row: number): Sample {
  return Object.fromEntries(
    Object.entries(batch).map(([name, column]): [string, unknown] => {
      if (!isDenseArray(column)) return [name, (column as readonly unknown[])[row]];
      const [, ...shape] = column.shape;
      if (shape.length === 0) return [name, column.data[row]];
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, { data: column.data.subarray(row * size, (row + 1) * size), shape }];
    }),
  );
}

/** Samples as a batch: numbers become float32 arrays, all else lists. */
export function batchOfSamples(samples: readonly Sample[], what: string): Batch {
  const [first] = samples;
  if (typeof first !== "object" || first === null) fail(`${what} gave ${show(first)}`, "a record, such as { x, y }");
  return Object.fromEntries(
    Object.keys(first).map((name): [string, BatchColumn] => {
      const values = samples.map((sample) => {
        if (Object.hasOwn(sample ?? {}, name)) return sample[name];
        return fail(`${what} gave a sample without "${name}"`, "the same names for all samples");
      });
      return [name, stackValues(values, name)];
    }),
  );
}

/** Every sample changed by a function, a batch of them at a time. */
export function mapFlow(up: Flow, map: MapSample, seed: number): Flow {
  const whole = (batch: Batch, indices: ArrayLike<number>, pass: number): Promise<Batch> => {
    const changed = Array.from(indices, (index, row) => map(sampleOf(batch, row), contextOf(seed, pass, index)));
    return Promise.all(changed).then((samples) => batchOfSamples(samples, "the function of map"));
  };
  return eachBatch(up, `${up.description}, mapped by ${nameOf(map)} (seed ${seed})`, whole);
}

/** Every batch changed by a function, which must leave the number of samples as it is. */
export function mapBatchesFlow(up: Flow, map: MapBatch, seed: number): Flow {
  const whole = async (batch: Batch, indices: ArrayLike<number>, pass: number): Promise<Batch> => {
    const changed = await map(batch, contextOf(seed, pass, indices[0] as number));
    return checkedBatch(changed, rowsOf(batch), "the function of mapBatches");
  };
  // Which samples lie beside each other matters to it, so they are not picked in another order.
  return {
    ...eachBatch({ ...up, gather: undefined }, `${up.description}, mapped by ${nameOf(map)} (seed ${seed})`, whole),
  };
}

type ChangeBatch = (batch: Batch, indices: ArrayLike<number>, pass: number) => Promise<Batch>;

/** A flow whose batches are changed, the numbers of their samples known. */
export function eachBatch(up: Flow, description: string, change: ChangeBatch): Flow {
  const { gather } = up;
  return {
    description,
    get length() {
      return up.length;
    },
    batchSize: up.batchSize,
    gather: gather && (async (rows, pass) => change(await gather(rows, pass), rows, pass)),
    open(pass, position) {
      const given = position as { index: number; up: unknown } | undefined;
      let index = given?.index ?? 0;
      const cursor = up.open(pass, given?.up);
      return {
        async next() {
          const batch = await cursor.next();
          if (!batch) return undefined;
          const first = index;
          index += rowsOf(batch);
          return change(batch, range(first, index), pass);
        },
        position: () => ({ index, up: cursor.position() }),
        close: () => cursor.close(),
      };
    },
  };
}

/** The samples that a function says yes to. */
export function filterFlow(up: Flow, keep: Predicate, seed: number): Flow {
  return {
    description: `${up.description}, filtered by ${nameOf(keep)} (seed ${seed})`,
    length: undefined,
    open(pass, position) {
      const given = position as { index: number; up: unknown } | undefined;
      let index = given?.index ?? 0;
      const cursor = up.open(pass, given?.up);
      return {
        async next() {
          for (;;) {
            const batch = await cursor.next();
            if (!batch) return undefined;
            const rows = rowsOf(batch);
            const kept: number[] = [];
            for (let row = 0; row < rows; row++) {
              if (keep(sampleOf(batch, row), contextOf(seed, pass, index + row))) kept.push(row);
            }
            index += rows;
            if (kept.length === rows) return batch;
            if (kept.length > 0) return gatherBatch(batch, kept);
          }
        },
        position: () => ({ index, up: cursor.position() }),
        close: () => cursor.close(),
      };
    },
  };
}

/** Refuses what is no batch of so many samples. */
export function checkedBatch(batch: unknown, rows: number, what: string): Batch {
  if (typeof batch !== "object" || batch === null) fail(`${what} gave ${show(batch)}`, "a record of arrays");
  return Object.fromEntries(
    Object.entries(batch).map(([name, column]: [string, unknown]): [string, BatchColumn] => {
      const made = isNumberArray(column) ? { data: column, shape: [column.length] } : column;
      if (!isDenseArray(made) && !Array.isArray(made)) {
        fail(`${what} gave ${show(column)} as "${name}"`, "{ data, shape }, a typed array or a list");
      }
      const length = lengthOf(made as BatchColumn);
      if (length !== rows) fail(`${what} gave ${length} samples of "${name}"`, `${rows}, as many as it got`);
      return [name, made as BatchColumn];
    }),
  );
}

function nameOf(f: { readonly name: string }): string {
  return f.name || "a function";
}
