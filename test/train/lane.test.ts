import { describe, expect, test } from "vitest";
import type { BatchProgram } from "../../src/train/batch-program.ts";
import { Batches } from "../../src/train/batches.ts";
import type { Column } from "../../src/train/column.ts";
import { Lane } from "../../src/train/lane.ts";
import { Pace } from "../../src/train/pace.ts";

/** A program that takes a turn of the event loop and tells when it begins and ends. */
function program(name: string, told: string[], fails = false): Pick<BatchProgram, "run"> {
  const run = async () => {
    told.push(`${name}(`);
    await new Promise((resolve) => setImmediate(resolve));
    told.push(`)${name}`);
    if (fails) throw new Error(name);
  };
  return { run };
}

describe("a lane", () => {
  test("runs programs one at a time and in turn, a long row of them too", async () => {
    const told: string[] = [];
    const lane = new Lane();
    const loop = async () => {
      for (let i = 0; i < 4; i++) await lane.run(program("a", told));
    };
    const training = loop();
    const other = lane.run(program("b", told));
    const seen = lane.between(() => told.push("|"));
    await Promise.all([training, other, seen]);
    expect(told.join("")).toBe("a()ab()b|a()aa()aa()a");
  });

  test("goes on after a failure", async () => {
    const told: string[] = [];
    const lane = new Lane();
    const bad = lane.run(program("bad", told, true));
    const good = lane.run(program("good", told));
    await expect(bad).rejects.toThrow("bad");
    await good;
    expect(told).toEqual(["bad(", ")bad", "good(", ")good"]);
    await expect(
      lane.between(() => {
        throw new Error("task");
      }),
    ).rejects.toThrow("task");
    await lane.run(program("last", told));
  });

  test("keeps whole tasks apart, and a failed one does not stop the next", async () => {
    const told: string[] = [];
    const lane = new Lane();
    const task = (name: string) => async () => {
      await lane.run(program(name, told));
      await lane.run(program(name, told));
      if (name === "x") throw new Error("x");
    };
    const [x, y] = [lane.exclusive(task("x")), lane.exclusive(task("y"))];
    await expect(x).rejects.toThrow("x");
    await y;
    expect(told.join("")).toBe("x()xx()xy()yy()y");
  });
});

describe("batches", () => {
  const column = (rows: number, rowSize: number): Column => ({
    name: "x",
    data: Float32Array.from({ length: rows * rowSize }, (_, i) => i),
    dtype: "float32",
    rows,
    rowShape: [rowSize],
    rowSize,
    rowStride: rowSize,
  });

  test.each([1, 3, 64, 100])("carry every row once, in the drawn order (rows of %i)", async (rowSize) => {
    const [short, long] = [column(11, 1), column(11, rowSize)];
    const batches = new Batches([short, long], 11, 4);
    expect([batches.count, batches.sizeOf(0), batches.sizeOf(2), batches.lastSize]).toEqual([3, 4, 3, 3]);
    for (const shuffled of [false, true]) {
      if (shuffled) await batches.shuffle(5, 2, new Pace());
      const seen: number[] = [];
      for (let batch = 0; batch < 3; batch++) {
        const size = batches.sizeOf(batch);
        const to = [new Float32Array(size), new Float32Array(size * rowSize)] as const;
        batches.fill(to, batch);
        for (let row = 0; row < size; row++) {
          const number = to[0][row] as number;
          seen.push(number);
          const start = number * rowSize;
          expect([...to[1].subarray(row * rowSize, (row + 1) * rowSize)]).toEqual([
            ...long.data.subarray(start, start + rowSize),
          ]);
        }
      }
      const inOrder = Array.from({ length: 11 }, (_, i) => i);
      expect([...seen].sort((a, b) => a - b)).toEqual(inOrder);
      expect(seen.every((row, i) => row === i)).toBe(!shuffled);
    }
  });
});
