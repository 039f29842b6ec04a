import { describe, expect, test } from "vitest";
import { loadProgram, loadRuntime } from "../../src/engines/native/runtime/index.ts";
import { compile } from "./support.ts";

const runtime = await loadRuntime();
const { path } = await compile(`
#define PROGRAM void descent_program(void **buffers, int worker, int workers, void *pool, void (*barrier)(void *, int))
/* float32: [0] three rows of four; [1] a number; [2] state: sums of columns so far; [3] the sum of the rows times the number, and it again. */
PROGRAM {
  float *rows = buffers[0], *number = buffers[1], *sums = buffers[2], *output = buffers[3];
  for (int column = worker; column < 4; column += workers)
    for (int row = 0; row < 3; row++) sums[column] += rows[4 * row + column];
  barrier(pool, worker);
  if (worker == 0) {
    output[0] = 0;
    for (int i = 0; i < 12; i++) output[0] += rows[i] * number[0];
    output[1] = number[0];
  }
}`);

const ROWS = 30;
const COUNT = 10; // runs of three rows each

/** The program on so many threads, over rows of 7 numbers of which it gets 4, in a given order. */
async function tied(threads: number, order: Uint32Array | undefined) {
  const program = await loadProgram(path, { threads });
  const [rows, number, sums, output] = [12, 1, 4, 2].map((length) => runtime.allocate("float32", length));
  const data = Float32Array.from({ length: 7 * ROWS }, (_, i) => ((i * 37) % 101) - 50);
  const numbers = Float32Array.from({ length: COUNT }, (_, run) => run + 1);
  const bound = program.bind([rows!, number!, sums!, output!]);
  const kept = new Float32Array(2 * COUNT);
  const series = bound.series({
    inputs: [
      { input: rows!, source: { data, rowSize: 4, rowStride: 7, order } },
      { input: number!, source: { data: numbers, rowSize: 1, rowStride: 1, restarts: true } },
    ],
    outputs: [{ output: output!, kept }],
    watched: output!,
  });
  const rowsOf = (run: number) =>
    [0, 1, 2].flatMap((i) => {
      const place = 7 * (order?.[3 * run + i] ?? 3 * run + i);
      return [...data.subarray(place, place + 4)];
    });
  const alone = (run: number, given: number) => {
    rows!.set(rowsOf(run));
    number![0] = given;
    bound.runSync();
    return [...output!];
  };
  return { series, kept, data, numbers, rows: rows!, number: number!, sums: sums!, output: output!, rowsOf, alone };
}

const shuffled = Uint32Array.from({ length: ROWS }, (_, i) => (i * 7) % ROWS);

describe.each([1, 2, 3, 8])("a series on %i threads", (threads) => {
  test.each([
    ["rows in their order", undefined],
    ["rows in another order", shuffled],
  ])("is run after run: %s", async (_, order) => {
    const one = await tied(threads, order);
    const many = await tied(threads, order);
    const expected = Array.from({ length: COUNT }, (_, run) => one.alone(run, run + 1));
    expect(many.series.runSync(0, COUNT)).toBe(COUNT);
    expect([...many.kept]).toEqual(expected.flat());
    expect(many.sums).toEqual(one.sums);
    expect([...many.rows]).toEqual(many.rowsOf(COUNT - 1));
    // From a later run on, beside the event loop: its own numbers begin again.
    const later = [4, 5, 6].map((run, i) => one.alone(run, i + 1));
    expect(await many.series.runAsync(4, 3)).toBe(3);
    expect([...many.kept.subarray(0, 6)]).toEqual(later.flat());
    expect(many.sums).toEqual(one.sums);
  });

  test("ends with the run whose output is no finite number, and holds that run's inputs", async () => {
    for (const [wrong, value] of [
      [0, Number.NaN],
      [6, Number.POSITIVE_INFINITY],
      [COUNT - 1, Number.NaN],
    ] as const) {
      const { series, data, rows, rowsOf, number, output } = await tied(threads, shuffled);
      data[7 * (shuffled[3 * wrong + 1] as number)] = value;
      for (let repeat = 0; repeat < 20; repeat++) {
        expect(series.runSync(0, COUNT)).toBe(wrong + 1);
        expect([...rows]).toEqual(rowsOf(wrong));
        expect(number[0]).toBe(wrong + 1);
        expect(output[1]).toBe(wrong + 1);
      }
    }
  });
});

test("an array that was transferred elsewhere is refused", async () => {
  const { series, data } = await tied(1, undefined);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  expect(() => series.runSync(0, 1)).toThrow(/was transferred elsewhere/);
});
