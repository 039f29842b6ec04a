import { checkOptions, fail, show } from "../../util/index.ts";
import type { Batch } from "./batch.ts";
import type { Block } from "./block.ts";
import { checkCount } from "./checks.ts";
import type { Cursor, Flow, Position } from "./flow.ts";
import { batchFlow } from "./stages/batches.ts";
import { cacheFlow, MemoryStore } from "./stages/cache.ts";
import { type Columns, columnsFlow } from "./stages/columns.ts";
import { filterFlow, type MapBatch, type MapSample, mapBatchesFlow, mapFlow, type Predicate } from "./stages/map.ts";
import { prefetchFlow } from "./stages/prefetch.ts";
import { selectFlow, shardFlow, skipFlow, takeFlow } from "./stages/rows.ts";
import { interleaveFlow, repeatFlow, zipFlow } from "./stages/several.ts";
import { shuffleFlow } from "./stages/shuffle.ts";
import { threadsFlow } from "./stages/threads.ts";
import type { ModuleFunction } from "./workers.ts";

/** Where a reading stands, to be kept as JSON. */
export interface DatasetState {
  readonly pass: number;
  readonly position: Position;
}

/** How a dataset is read. */
export interface ReadOptions {
  /** The pass over the data, counted from 0: each has an order and random numbers of its own. Default 0. */
  readonly pass?: number | undefined;
  /** Go on where another reading stood; it says the pass, too. Default: from the beginning. */
  readonly state?: DatasetState | undefined;
}

/**
 * Samples of any number, read piece by piece: from memory, files or functions. A dataset is a recipe; nothing is read until it is iterated, and
 * every method gives a new one. Iterating gives batches: a record of arrays, the samples along the first axis of each. What is random follows
 * from seeds and the number of the pass, so that two readings of a pass are the same, bit for bit.
 *
 * @example
 * const squares = fromGenerator(function* () {
 *   for (let i = 0; i < 100; i++) yield { x: [i], y: [i * i] };
 * });
 * for await (const { x, y } of squares.shuffle({ seed: 1 }).batch(32)) console.log(x, y);
 */
export class Dataset implements AsyncIterable<Batch> {
  /** @param arrange does what {@link Dataset.columns} does at the source, where that saves work. */
  constructor(
    /** What it is made of. */
    readonly flow: Flow,
    private readonly arrange?: (columns: Columns) => Flow,
  ) {}

  /** Samples; undefined where nobody knows before they are read, Infinity where they do not end. */
  get length(): number | undefined {
    return this.flow.length;
  }

  /** Every sample changed by a function of it, which may be asynchronous. */
  map(change: MapSample, options: { seed?: number } = {}): Dataset {
    return new Dataset(mapFlow(this.flow, checkFunction("map", change), seedOf("map", options)));
  }

  /**
   * Every batch changed by a function of it: faster than `map` where arrays are changed as a whole. With `threads` it is a function of a module,
   * { module, name }, and works on several batches side by side; results are the same for any number of threads.
   *
   * @example
   * const scaled = fromArrays({ x: [[1], [2], [3]] }).mapBatches(({ x }) => {
   *   const { data, shape } = x as DenseArray;
   *   return { x: { data: data.map((value) => value / 3), shape } };
   * });
   */
  mapBatches(change: MapBatch | ModuleFunction, options: { seed?: number; threads?: number } = {}): Dataset {
    const { threads, ...rest } = options;
    const seed = seedOf("mapBatches", rest);
    if (typeof change === "object" && change !== null && "module" in change) {
      checkOptions("mapBatches", change, ["module", "name"]);
      checkCount("mapBatches", "threads", threads ?? 1, 1);
      return new Dataset(threadsFlow(this.flow, change, threads ?? 1, seed));
    }
    if (threads !== undefined) {
      fail("mapBatches got threads and a function", "{ module, name }: functions cannot go to other threads");
    }
    return new Dataset(mapBatchesFlow(this.flow, checkFunction("mapBatches", change), seed));
  }

  /** The samples for which a function is true. */
  filter(keep: Predicate, options: { seed?: number } = {}): Dataset {
    return new Dataset(filterFlow(this.flow, checkFunction("filter", keep), seedOf("filter", options)));
  }

  /**
   * Other columns of the same samples: by a new name a column, or a list of columns that become one matrix, float32 [samples, numbers].
   *
   * @example
   * const houses = fromArrays({ rooms: [2, 3], area: [50, 80], price: [1, 2] });
   * const samples = houses.columns({ x: ["rooms", "area"], y: "price" });
   */
  columns(columns: Columns): Dataset {
    return new Dataset(this.arrange?.(columns) ?? columnsFlow(this.flow, columns));
  }

  /** Batches of `size` samples; the last is smaller, or left out with `dropRemainder`. */
  batch(size: number, options: { dropRemainder?: boolean } = {}): Dataset {
    checkCount("batch", "size", size, 1);
    checkOptions("batch", options, ["dropRemainder"]);
    return new Dataset(batchFlow(this.flow, size, options.dropRemainder ?? false));
  }

  /**
   * Another order in every pass: of all samples where these can be had in any order (arrays, images, token files) and no `buffer` is given;
   * else within windows of `buffer` samples, default 10,000, so that a stream is never in memory as a whole. Right behind `cache`, every pass but
   * the first also reads pieces of what is kept (1 MB on a disk, batches in memory) in an order of chance, eight of them mixed at a time: with
   * that, a sample may move anywhere. A reading that begins with such a pass keeps everything first.
   *
   * @param options `seed`, default 0; `buffer`; `reshuffle`: false gives every pass the same order.
   */
  shuffle(options: { seed?: number; buffer?: number; reshuffle?: boolean } = {}): Dataset {
    checkOptions("shuffle", options, ["seed", "buffer", "reshuffle"]);
    const { buffer, reshuffle = true } = options;
    if (buffer !== undefined) checkCount("shuffle", "buffer", buffer, 1);
    const { seed } = { seed: seedOf("shuffle", { ...(options.seed !== undefined && { seed: options.seed }) }) };
    return new Dataset(shuffleFlow(this.flow, { seed, buffer, reshuffle }));
  }

  /** The first `count` samples. */
  take(count: number): Dataset {
    checkCount("take", "count", count, 0);
    return new Dataset(takeFlow(this.flow, count));
  }

  /** All but the first `count` samples. */
  skip(count: number): Dataset {
    checkCount("skip", "count", count, 0);
    return new Dataset(skipFlow(this.flow, count));
  }

  /**
   * The samples of these numbers, counted from 0, in this order: the parts that `splitIndices` gives, for instance. Of samples that can be had in
   * any order (arrays, images, token files).
   *
   * @example
   * const { train, test } = splitIndices(4, { testSize: 1 });
   * const all = fromArrays({ x: [[1], [2], [3], [4]] });
   * const [learned, held] = [all.select(train), all.select(test)];
   */
  select(rows: ArrayLike<number>): Dataset {
    return new Dataset(selectFlow(this.flow, rows));
  }

  /**
   * One of `world` shares: samples rank, rank + world, ... All shares together are everything, and no sample is in two. Before `batch`.
   *
   * @param rank from 0 to world - 1.
   */
  shard(rank: number, world: number): Dataset {
    checkCount("shard", "world", world, 1);
    checkCount("shard", "rank", rank, 0);
    if (rank >= world) fail(`shard: rank is ${rank} of ${world}`, `0 to ${world - 1}`);
    return new Dataset(shardFlow(this.flow, rank, world));
  }

  /** The samples `times` over, each time another pass; without end where nothing is said. */
  repeat(times: number = Number.POSITIVE_INFINITY): Dataset {
    if (times !== Number.POSITIVE_INFINITY) checkCount("repeat", "times", times, 0);
    return new Dataset(repeatFlow(this.flow, times));
  }

  /** The columns of other datasets beside these: the first sample of each is one sample; as many as the shortest has. */
  zip(...others: readonly Dataset[]): Dataset {
    return new Dataset(zipFlow([this, ...others].map(({ flow }) => flow)));
  }

  /** Samples of this and other datasets in turn, `block` of each at a time (default 16); what one has more follows. */
  interleave(others: readonly Dataset[], options: { block?: number } = {}): Dataset {
    checkOptions("interleave", options, ["block"]);
    const { block = 16 } = options;
    checkCount("interleave", "block", block, 1);
    return new Dataset(
      interleaveFlow(
        [this, ...others].map(({ flow }) => flow),
        block,
      ),
    );
  }

  /**
   * Keeps the samples of the first pass, in memory or in a folder (Node), where another process finds them; later passes read those. What comes
   * before happens once: shuffle and change at random after it.
   */
  cache(folder?: string): Dataset {
    const { flow } = this;
    if (folder === undefined) return new Dataset(cacheFlow(flow, async () => new MemoryStore(), true));
    if (typeof folder !== "string" || folder === "") fail(`cache got ${show(folder)}`, "a folder's name, or nothing");
    const open = async () => (await import("./node.ts")).diskStore(folder, flow.description);
    return new Dataset(cacheFlow(flow, open, false));
  }

  /** Reads `count` batches ahead of whoever iterates; `fit` does so by itself. */
  prefetch(count = 2): Dataset {
    checkCount("prefetch", "count", count, 1);
    return new Dataset(prefetchFlow(this.flow, count));
  }

  /** Reads one pass. The reading's `state()` tells where it stands; another one goes on from there. */
  read(options: ReadOptions = {}): Reading {
    checkOptions("read", options, ["pass", "state"]);
    const { state, pass = state?.pass ?? 0 } = options;
    checkCount("read", "pass", pass, 0);
    return new Reading(this.flow.open(pass, state?.position), pass);
  }

  [Symbol.asyncIterator](): AsyncIterator<Batch> {
    return this.read()[Symbol.asyncIterator]();
  }
}

/** One pass over a dataset, under way. */
export class Reading implements AsyncIterable<Batch> {
  private closed: Promise<void> | undefined;

  constructor(
    private readonly cursor: Cursor,
    readonly pass: number,
  ) {}

  /** The next batch; undefined at the end. */
  async next(): Promise<Batch | undefined> {
    if (this.closed) return undefined;
    const batch = await this.cursor.next();
    if (!batch) await this.close();
    return batch;
  }

  /** Where the next batch begins. */
  state(): DatasetState {
    return { pass: this.pass, position: this.cursor.position() };
  }

  /** Gives a batch back that was read here and that nobody will look at any more: its memory may hold a later one. */
  reuse(batch: Batch): void {
    this.cursor.reuse?.(batch);
  }

  /** Whether samples can be had in blocks. */
  get inBlocks(): boolean {
    return this.cursor.block !== undefined;
  }

  /** Whole batches at once, where they lie, in the place of several calls of {@link Reading.next}; undefined at the end. For `fit`. */
  async block(): Promise<Block | undefined> {
    if (this.closed) return undefined;
    const block = await this.cursor.block?.();
    if (!block) await this.close();
    return block;
  }

  /** Gives a block back. Nobody holds more than two. */
  release(block: Block): void {
    this.cursor.release?.(block);
  }

  /** Lets go of files and threads; done by itself at the end. */
  close(): Promise<void> {
    this.closed ??= this.cursor.close();
    return this.closed;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    try {
      for (let batch = await this.next(); batch; batch = await this.next()) yield batch;
    } finally {
      await this.close();
    }
  }
}

function checkFunction<F>(where: string, f: F): F {
  if (typeof f !== "function") fail(`${where} got ${show(f)}`, "a function");
  return f;
}

function seedOf(where: string, options: { seed?: number }): number {
  checkOptions(where, options, ["seed"]);
  const { seed = 0 } = options;
  checkCount(where, "seed", seed, Number.MIN_SAFE_INTEGER);
  return seed;
}
