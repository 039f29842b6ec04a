import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HostRandom } from "../../src/util/index.ts";
import { allowedError, differing, typicalOf, workshopFor, worstError } from "./contraction-machines.ts";
import { convolution, type Geometry, inBfloat16, matrixProduct, type Problem, solve } from "./contraction-problem.ts";

const random = new HostRandom(21);
type Layout = Parameters<typeof matrixProduct>[1];
const product = (rows: number, depth: number, columns: number, layout: Layout = "AB", batch = 1): Problem =>
  matrixProduct({ batch, rows, columns, depth }, layout, random);
const convolutions = (geometry: Geometry): Problem[] =>
  (["forward", "input gradient", "weight gradient"] as const).map((kind) => convolution(kind, geometry));

/** Odd and even depths, of one vector, of two and between; every way of packing; few rows, few columns, long depths in parts. */
const PROBLEMS: readonly Problem[] = [
  product(1, 2, 10),
  product(5, 3, 4, "AB", 3),
  product(130, 101, 3),
  product(2, 77, 130, "Ab", 2),
  product(1, 90, 300),
  product(37, 91, 50, "aB"),
  product(70, 33, 100, "ab"),
  product(128, 47, 160),
  product(128, 256, 10),
  product(128, 512, 160, "Ab"),
  product(260, 601, 290),
  product(100, 3, 400, "aB"),
  product(100, 31, 400, "aB"),
  product(260, 40, 40, "AB", 3),
  product(12, 9001, 20, "aB"),
  product(20, 2701, 33),
  product(9, 6000, 48),
  product(330, 5001, 288),
  product(3, 201, 70, "Ab"),
  product(90, 130, 4, "Ab"),
  ...convolutions({ n: 2, size: [10, 11], channels: 3, filters: 5, kernel: [3, 3] }),
  ...convolutions({ n: 3, size: [9, 8], channels: 16, filters: 24, kernel: [3, 3], padding: 1 }),
  ...convolutions({ n: 2, size: [11, 9], channels: 8, filters: 33, kernel: [3, 2], stride: 2, padding: 1 }),
  ...convolutions({ n: 2, size: [12, 12], channels: 1, filters: 32, kernel: [3, 3], padding: 1 }),
  ...convolutions({ n: 1, size: [14, 13], channels: 21, filters: 140, kernel: [2, 2], dilation: 2, padding: 2 }),
  ...convolutions({ n: 2, size: [8, 8], channels: 12, filters: 18, kernel: [3, 3], padding: 1, groups: 3 }),
  ...convolutions({ n: 8, size: [24, 24], channels: 8, filters: 16, kernel: [3, 3], padding: 1 }),
  convolution("forward", { n: 2, size: [8, 8], channels: 16, filters: 16, kernel: [3, 3], padding: 1, fill: 0.5 }),
].map(inBfloat16);

// Without an instruction for pairs: as programs are for such processors, and with the code that takes pairs apart.
const workshop = await workshopFor(PROBLEMS, [
  { architecture: "x86-64-v3", pairs: false },
  { architecture: "x86-64-v4", pairs: true },
]);

describe("contraction kernels of operands rounded to bfloat16", () => {
  let expected: Float64Array[] = [];
  beforeAll(() => {
    expected = PROBLEMS.map((problem, i) => solve(problem, workshop.operands[i]!));
  });
  afterAll(workshop.close);

  it.each(workshop.machines)("on $name give what the definition gives", { timeout: 180_000 }, async ({ run }) => {
    const found = await run(2);
    const wrong = PROBLEMS.flatMap((problem, i) => {
      const error = worstError(found[i]!, expected[i]!);
      return error < allowedError(problem) ? [] : [`${problem.name}: ${error}`];
    });
    expect(wrong).toEqual([]);
  });

  it("give the same bits with the processor's instruction for pairs and without", {
    timeout: 180_000,
  }, async (context) => {
    const of = (name: string) => workshop.machines.find((machine) => machine.name.startsWith(name));
    const [without, own] = [of("native for x86-64-v4"), of("native, vectors of 64 bytes")];
    if (!without || !own) return context.skip("needs native and AVX-512");
    expect(differing(workshop, await without.run(1), await own.run(1))).toEqual([]);
  });

  it.each(typicalOf(workshop))(
    "on $name give the same bits on any number of threads",
    { timeout: 180_000 },
    async ({ run }) => {
      const one = await run(1);
      for (const threads of [2, 3]) {
        expect(differing(workshop, one, await run(threads)), `${threads} threads`).toEqual([]);
      }
    },
  );
});
