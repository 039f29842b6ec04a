import type { RowSource, SeriesRunner, TypedArray } from "../tensor/index.ts";
import type { BatchProgram } from "./batch-program.ts";

/** Bytes of the outputs and control numbers of all steps of a call, where nobody says how many these are: they stay in a cache. */
const ROOM_BYTES = 1 << 18;

/** Steps that a call can do: as many as there are, or are wanted, or stay in a cache. */
export function roomFor(
  { control, rate, outputs }: BatchProgram,
  wanted: number | undefined,
  count = Number.POSITIVE_INFINITY,
): number {
  const bytes = [control, rate, ...Object.values(outputs)].reduce((sum, { byteLength }) => sum + byteLength, 0);
  return Math.min(wanted ?? Math.max(1, Math.floor(ROOM_BYTES / bytes)), count);
}

/** What the steps of a call are told and tell: control numbers and rates, and room for the outputs of each. */
export class CallMemory {
  readonly control: Uint32Array;
  readonly rate: Float32Array;
  /** The program's outputs, and room for those of all steps of a call: none where a call has one step. */
  private readonly outputs: readonly { readonly own: TypedArray; readonly kept: TypedArray }[];

  /** @param room steps of a call at most. */
  constructor(
    private readonly program: BatchProgram,
    readonly room: number,
  ) {
    const { control, rate, outputs } = program;
    const many = room > 1;
    this.control = many ? longer(control, room).map((_, i) => control[i % 3] as number) : control;
    this.rate = many ? longer(rate, room) : rate;
    this.outputs = many ? Object.values(outputs).map((own) => ({ own, kept: longer(own, room) })) : [];
  }

  /** Many runs over rows in memory, one source for each column; undefined on engines without. */
  runner(columns: readonly RowSource[]): SeriesRunner | undefined {
    const { program, control, rate, outputs, room } = this;
    const rows = (data: TypedArray, rowSize: number) => ({ data, rowSize, rowStride: rowSize, restarts: true });
    const own = room > 1 ? [rows(control, 3), rows(rate, 1)] : [];
    return program.series?.({
      inputs: [...columns, ...own],
      outputs: outputs.map(({ kept }) => kept),
      watched: Object.keys(program.outputs).indexOf("losses"),
    });
  }

  /** Brings the outputs of a step to where the program has its own. Called after every step, so it allocates nothing. */
  read(step: number): void {
    for (const { own, kept } of this.outputs) {
      const start = own.length * step;
      for (let i = 0; i < own.length; i++) own[i] = kept[start + i] as number;
    }
  }

  /** Tells the program what a step is told, where it is run alone. */
  prepare(step: number): void {
    if (this.room === 1) return;
    this.program.control.set(this.control.subarray(3 * step, 3 * step + 3));
    this.program.rate[0] = this.rate[step] as number;
  }

  /** Keeps the outputs of a step that was run alone. */
  keep(step: number): void {
    for (const { own, kept } of this.outputs) kept.set(own, own.length * step);
  }
}

/** An array of the same type, so many times as long. */
function longer<T extends TypedArray>(array: T, times: number): T {
  return new (array.constructor as new (length: number) => T)(array.length * times);
}
