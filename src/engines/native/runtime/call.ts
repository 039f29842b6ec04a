import type { KoffiFunc } from "koffi";
import type { TypedArray } from "../../../ir/index.ts";
import { fail } from "../../../util/index.ts";
import type { Pool } from "./runtime.ts";

/**
 * A C function and the record that it works on, with the arrays whose addresses stand there: the call keeps them alive. Calls whose records
 * share arrays must not overlap: asynchronous ones on the same threads never do, but `runSync` does not wait for one that is under way
 * (see {@link busy}).
 */
export class NativeCall {
  private readonly lengths: readonly number[];

  constructor(
    private readonly f: KoffiFunc<(record: number) => void>,
    private readonly address: number,
    readonly arrays: readonly TypedArray[],
    readonly pool: Pool,
  ) {
    this.lengths = arrays.map((array) => array.length);
  }

  /** Whether an asynchronous call on the same threads is under way; `runSync` would then make the event loop wait for it. */
  get busy(): boolean {
    return this.pool.lane.busy;
  }

  /** Returns when it is done. Costs about 50 ns on one thread, a microsecond on several. */
  runSync(): void {
    this.requireMemory();
    this.f(this.address);
  }

  /** Runs beside the event loop, after the asynchronous calls begun before on the same threads. */
  runAsync(): Promise<void> {
    this.requireMemory();
    return new Promise((resolve, reject) => {
      this.pool.lane.enter((done) => {
        this.f.async(this.address, (error: unknown) => {
          done();
          if (error) reject(error);
          else resolve();
        });
      });
    });
  }

  /** An array whose buffer was transferred (to a worker, by structuredClone) has lost its memory: C must not touch it. */
  private requireMemory(): void {
    for (let i = 0; i < this.arrays.length; i++) {
      if (this.arrays[i]?.length !== this.lengths[i]) {
        fail(`array ${i} of a compiled program was transferred elsewhere`, undefined, "transfer a copy of it");
      }
    }
  }
}
