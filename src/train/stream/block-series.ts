import type { SeriesRunner } from "../../tensor/index.ts";
import type { BatchProgram, Series } from "../batch-program.ts";
import { CallMemory, roomFor } from "../call-memory.ts";
import type { CheckedData } from "../dataset.ts";
import { StepsPerCall } from "../steps-per-call.ts";
import { columnsOf } from "./samples.ts";

/** Steps over the batches of a block: the engine fetches their rows by itself, many steps in a call. */
export class BlockSeries implements Series {
  steps = 1;
  readonly control: Uint32Array;
  readonly rate: Float32Array;
  private readonly call: CallMemory;
  private readonly calls: StepsPerCall;
  private runner: SeriesRunner | undefined;
  /** The batch of the first step. */
  private first = 0;
  private count = 0;

  /** @param wanted steps of a call; undefined for as many as are good. */
  constructor(
    readonly program: BatchProgram,
    wanted: number | undefined,
  ) {
    this.call = new CallMemory(program, roomFor(program, wanted));
    ({ control: this.control, rate: this.rate } = this.call);
    this.calls = new StepsPerCall(wanted);
  }

  /** The next steps are over samples in this order. */
  begin(data: CheckedData, order: Uint32Array): void {
    const rows = columnsOf(data).map(({ data, rowSize, rowStride }) => ({ data, rowSize, rowStride, order }));
    this.runner = this.call.runner(rows);
    this.first = 0;
    this.count = order.length / this.program.size;
  }

  /** Makes ready at most so many steps; false where none is left. */
  next(most: number): boolean {
    this.steps = Math.min(most, this.call.room, this.count - this.first, this.calls.begin());
    return this.steps > 0;
  }

  /** Steps that the last call did. */
  end(): number {
    this.calls.end(this.steps);
    this.first += this.steps;
    return this.steps;
  }

  run = (): Promise<void> | undefined => {
    const done = (this.runner as SeriesRunner)(this.first, this.steps);
    if (typeof done !== "number") return done.then(this.note);
    this.note(done);
    return undefined;
  };

  read(step: number): void {
    this.call.read(step);
  }

  private readonly note = (steps: number) => {
    this.steps = steps;
  };
}
