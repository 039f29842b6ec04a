import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contractionTarget, normalize, planContraction, type Target } from "../../src/codegen/index.ts";
import { WASM_TARGET } from "../../src/engines/wasm/contraction/target.ts";
import { HostRandom } from "../../src/util/index.ts";
import { allowedError, differing, typicalOf, workshopFor, worstError } from "./contraction-machines.ts";
import { convolution, type Geometry, matrixProduct, type Problem, solve, sumsOnly } from "./contraction-problem.ts";

const random = new HostRandom(20);
type Layout = Parameters<typeof matrixProduct>[1];
const product = (rows: number, depth: number, columns: number, layout: Layout = "AB", batch = 1): Problem =>
  matrixProduct({ batch, rows, columns, depth }, layout, random);
const convolutions = (geometry: Geometry): Problem[] =>
  (["forward", "input gradient", "weight gradient"] as const).map((kind) => convolution(kind, geometry));

/** Shapes at the edges of every way of computing: plain loops, dot products, tiles; few and many rows; long depths in parts. */
const PROBLEMS: readonly Problem[] = [
  product(1, 2, 10),
  product(5, 3, 4, "AB", 3),
  product(130, 100, 3),
  product(2, 77, 130, "Ab", 2),
  product(1, 300, 1),
  product(1, 90, 300, "Ab"),
  product(1, 90, 300),
  product(4, 64, 200),
  product(37, 90, 50, "aB"),
  product(70, 33, 100, "ab"),
  product(128, 64, 160),
  product(128, 256, 10),
  product(128, 512, 160, "Ab"),
  product(260, 600, 290),
  product(300, 50, 200, "aB"),
  product(100, 3, 400, "aB"),
  product(100, 30, 400, "aB"),
  product(260, 40, 40, "AB", 3),
  product(12, 9000, 20, "aB"),
  product(20, 2700, 33),
  product(9, 6000, 48),
  product(40, 512, 300, "ab"),
  product(330, 512, 288),
  product(250, 1024, 130),
  ...Array.from({ length: 12 }, () => {
    const [rows, depth, columns] = [60, 200, 120].map((limit) => 1 + random.integer(limit)) as [number, number, number];
    return product(rows, depth, columns, "?", 1 + random.integer(2));
  }),
  ...Array.from({ length: 12 }, () => {
    const [rows, depth, columns] = [18, 14, 34].map((limit) => 1 + random.integer(limit)) as [number, number, number];
    return product(rows, Math.min(depth, Math.floor(4096 / (rows * columns))), columns, "?", 1 + random.integer(2));
  }),
  product(7, 33, 65, "AB", 2),
  product(19, 46, 330, "aB"),
  product(32, 37, 47),
  product(1, 16, 13, "Ab"),
  product(3, 9, 21, "Ab", 2),
  product(6, 4, 1),
  product(2, 300, 60, "Ab", 2),
  product(3, 201, 70, "Ab"),
  product(90, 130, 4, "Ab"),
  product(90, 102, 1),
  ...convolutions({ n: 2, size: [5, 4], channels: 2, filters: 3, kernel: [3, 2], padding: 1 }),
  ...convolutions({ n: 2, size: [10, 11], channels: 3, filters: 5, kernel: [3, 3] }),
  ...convolutions({ n: 3, size: [9, 8], channels: 16, filters: 24, kernel: [3, 3], padding: 1 }),
  ...convolutions({ n: 2, size: [11, 9], channels: 8, filters: 32, kernel: [3, 2], stride: 2, padding: 1 }),
  ...convolutions({ n: 2, size: [12, 12], channels: 1, filters: 32, kernel: [3, 3], padding: 1 }),
  ...convolutions({ n: 1, size: [14, 13], channels: 20, filters: 140, kernel: [2, 2], dilation: 2, padding: 2 }),
  ...convolutions({ n: 8, size: [24, 24], channels: 8, filters: 16, kernel: [3, 3], padding: 1 }),
  ...convolutions({ n: 2, size: [8, 8], channels: 12, filters: 18, kernel: [3, 3], padding: 1, groups: 3 }),
  ...convolutions({ n: 1, size: [20, 20], channels: 4, filters: 6, kernel: [9, 9], padding: 4 }),
  ...convolutions({ n: 2, size: [9, 9], channels: 33, filters: 1, kernel: [3, 3], stride: 2, padding: 1 }),
  ...convolutions({ n: 1, size: [1, 64], channels: 40, filters: 64, kernel: [3, 3], padding: 1 }),
  ...convolutions({ n: 1, size: [16, 10], channels: 64, filters: 1, kernel: [1, 1], stride: 2 }),
  convolution("forward", { n: 2, size: [8, 8], channels: 16, filters: 16, kernel: [3, 3], padding: 1, fill: 0.5 }),
  ...[
    product(37, 90, 48),
    product(36, 70, 64, "aB", 2),
    product(262, 600, 288),
    product(264, 600, 290, "Ab"),
    product(40, 512, 300, "ab"),
    product(20, 2700, 32),
    ...convolutions({ n: 3, size: [9, 8], channels: 16, filters: 24, kernel: [3, 3], padding: 1 }),
    ...convolutions({ n: 2, size: [11, 9], channels: 8, filters: 32, kernel: [3, 2], stride: 2, padding: 1 }),
    ...convolutions({ n: 2, size: [8, 8], channels: 12, filters: 24, kernel: [3, 3], padding: 1, groups: 3 }),
  ].map(sumsOnly),
];

const workshop = await workshopFor(PROBLEMS);

describe("contraction kernels", () => {
  let expected: Float64Array[] = [];
  beforeAll(() => {
    expected = PROBLEMS.map((problem, i) => solve(problem, workshop.operands[i]!));
  });
  afterAll(workshop.close);

  it.each(workshop.machines)("on $name give what the definition gives", { timeout: 180_000 }, async ({ run }) => {
    const found = await run(2);
    PROBLEMS.forEach((problem, i) => {
      expect(worstError(found[i]!, expected[i]!), problem.name).toBeLessThan(allowedError(problem));
    });
  });

  it.each(typicalOf(workshop))(
    "on $name give the same bits on any number of threads",
    { timeout: 180_000 },
    async ({ run }) => {
      const one = await run(1);
      // One after the other: threads that wait for each other at barriers want a processor.
      for (const threads of [2, 3, 5]) {
        expect(differing(workshop, one, await run(threads)), `${threads} threads`).toEqual([]);
      }
    },
  );
});

/** The ways of computing that a target's plans of all problems name. */
function waysOn(target: Target): string[] {
  const ways = new Set<string>();
  for (const { kernel } of PROBLEMS) {
    const plan = planContraction(normalize(kernel), target);
    ways.add(plan.kind);
    if (plan.kind !== "blocked") continue;
    ways.add(`a ${plan.a.source} ${plan.packA}`).add(`b ${plan.b.source} ${plan.packB}`);
    if (plan.parts > 1) ways.add("parts");
    if (!plan.rowsOuter) ways.add("columns outer");
  }
  return [...ways].sort();
}

describe("plans of contractions", () => {
  it("compute few rows that are not there", () => {
    for (let rows = 64; rows < 300; rows++) {
      const plan = planContraction(normalize(product(rows, 512, 512).kernel), contractionTarget(64, 32));
      if (plan.kind !== "blocked") throw new Error(`${plan.kind} for ${rows} rows`);
      const { groups, perGroup, size } = plan.rowPanels;
      const computed = groups * perGroup * size;
      expect(computed, `${rows} rows`).toBeGreaterThanOrEqual(rows);
      expect(computed, `${rows} rows`).toBeLessThan(1.06 * rows);
    }
  });

  it("use every way of computing with long vectors", () => {
    expect(waysOn(contractionTarget(64, 32))).toMatchInlineSnapshot(`
      [
        "a general chunk",
        "a lanes chunk",
        "a lanes direct",
        "a lanes worker",
        "a rows chunk",
        "a rows direct",
        "a rows shared",
        "a rows worker",
        "b general chunk",
        "b lanes chunk",
        "b lanes direct",
        "b lanes shared",
        "b lanes worker",
        "b rows chunk",
        "b rows shared",
        "b rows worker",
        "blocked",
        "columns outer",
        "dots",
        "parts",
        "plain",
      ]
    `);
  });

  it("use every way of computing in WebAssembly", () => {
    expect(waysOn(WASM_TARGET)).toMatchInlineSnapshot(`
      [
        "a general chunk",
        "a general worker",
        "a lanes chunk",
        "a lanes direct",
        "a lanes worker",
        "a rows chunk",
        "a rows direct",
        "a rows shared",
        "a rows worker",
        "b general chunk",
        "b lanes chunk",
        "b lanes direct",
        "b lanes shared",
        "b lanes worker",
        "b rows chunk",
        "b rows shared",
        "b rows worker",
        "blocked",
        "columns outer",
        "dots",
        "parts",
        "plain",
      ]
    `);
  });
});
