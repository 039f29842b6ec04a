import type { RowSource } from "../../../engine/index.ts";
import type { TypedArray } from "../../../ir/index.ts";
import { invariant } from "../../../util/index.ts";
import { NativeCall } from "./call.ts";
import type { Runtime } from "./runtime.ts";

/** What a series brings, puts away and watches, with the program's own arrays beside those of the plan. */
export interface SeriesArrays {
  readonly inputs: readonly { readonly input: TypedArray; readonly source: RowSource }[];
  readonly outputs: readonly { readonly output: TypedArray; readonly kept: TypedArray }[];
  readonly watched: TypedArray | undefined;
}

/** Where the counters of `struct series` begin, in 32-bit words, and which is which. */
const COUNTERS = 2 * 7;
const [FIRST, COUNT, DONE] = [COUNTERS, COUNTERS + 1, COUNTERS + 2];

/** A bound program with the arrays that its runs, many in one call, read rows from and put results into. */
export class BoundSeries {
  private readonly call: NativeCall;
  /** `struct series` of the runtime. */
  private readonly record: Uint32Array;
  /** Kept alive: their addresses stand in the record. */
  readonly kept: readonly unknown[];

  constructor(
    runtime: Runtime,
    bound: NativeCall & { readonly record: BigUint64Array },
    { inputs, outputs, watched }: SeriesArrays,
  ) {
    const at = (array: TypedArray | BigUint64Array) => BigInt(runtime.address(array));
    const sources = BigUint64Array.from(inputs.flatMap(({ input, source }) => sourceWords(input, source, at)));
    const places = BigUint64Array.from(
      outputs.flatMap(({ output, kept }) => [at(output), at(kept), BigInt(output.byteLength)]),
    );
    const words = new BigUint64Array(COUNTERS / 2 + 2);
    words.set([at(bound.record), at(sources), at(places), watched ? at(watched) : 0n]);
    words.set([BigInt(inputs.length), BigInt(outputs.length), BigInt(watched?.length ?? 0)], 4);
    const address = runtime.address(words);
    this.record = new Uint32Array(words.buffer);
    const arrays = [
      ...bound.arrays,
      ...inputs.flatMap(({ source: { data, order } }) => (order ? [data, order] : [data])),
      ...outputs.map(({ kept }) => kept),
    ];
    this.call = new NativeCall(runtime.callSeries, address, arrays, bound.pool);
    this.kept = [bound, sources, places];
  }

  get busy(): boolean {
    return this.call.busy;
  }

  /** Runs done by the last call. */
  get done(): number {
    return this.record[DONE] as number;
  }

  /** See `SeriesRunner`. */
  runSync(first: number, count: number): number {
    this.ask(first, count);
    this.call.runSync();
    return this.done;
  }

  async runAsync(first: number, count: number): Promise<number> {
    this.ask(first, count);
    await this.call.runAsync();
    return this.done;
  }

  private ask(first: number, count: number): void {
    this.record[FIRST] = first;
    this.record[COUNT] = count;
  }
}

/** `struct row_source` of the runtime. */
function sourceWords(input: TypedArray, source: RowSource, at: (array: TypedArray) => bigint): bigint[] {
  const { data, rowSize, rowStride, order, restarts } = source;
  const bytes = data.BYTES_PER_ELEMENT;
  invariant(bytes === input.BYTES_PER_ELEMENT, "rows of another type than the input that they are for");
  const numbers = [input.length / rowSize, rowSize * bytes, rowStride * bytes, restarts ? 1 : 0];
  return [at(data), at(input), order ? at(order) : 0n, ...numbers.map(BigInt)];
}
