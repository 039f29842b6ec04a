import { type Code, type FunctionBuilder, i32, local, memory } from "../encode/index.ts";
import { add, count, plus, times } from "./arithmetic.ts";

/** Numbers of 32 bits that a kernel function puts into memory before it needs them. */
export interface Table {
  readonly values: readonly number[];
  /** Where it begins, in bytes from the scratch memory's start. */
  readonly offset: number;
}

/** How far back a stretch of a table may repeat itself. */
const FARTHEST = 256;
/** Shortest stretch that is worth a loop. */
const SHORTEST = 6;

/** From `at` on, the longest stretch in which each value is the one `lag` before plus `step`. */
function stretch(values: readonly number[], at: number): { lag: number; step: number; length: number } {
  let best = { lag: 1, step: 0, length: 0 };
  for (let lag = 1; lag <= Math.min(at, FARTHEST); lag++) {
    const step = values[at]! - values[at - lag]!;
    let end = at;
    while (end < values.length && values[end]! - values[end - lag]! === step) end++;
    if (end - at > best.length) best = { lag, step, length: end - at };
    if (end === values.length) break;
  }
  return best;
}

/** Code that writes a table: numbers one by one, or in a loop where they follow from those before. */
export function writeTable(builder: FunctionBuilder, { values, offset }: Table, scratch: Code): Code {
  const code: Code[] = [];
  for (let at = 0; at < values.length; ) {
    const { lag, step, length } = stretch(values, at);
    if (length < SHORTEST) {
      code.push(memory("i32.store", scratch, offset + at * 4, i32(values[at]!)));
      at++;
      continue;
    }
    code.push(
      count(builder, i32(at - lag), i32(at - lag + length), 1, (index) => {
        const place = add(scratch, times(local.get(index), 4));
        return memory("i32.store", place, offset + lag * 4, plus(memory("i32.load", place, offset), step));
      }),
    );
    at += length;
  }
  return code;
}
