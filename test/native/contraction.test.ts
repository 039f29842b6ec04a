import { beforeAll, describe, expect, it } from "vitest";
import { contractionTarget, normalize, planContraction } from "../../src/codegen/index.ts";
import { renderProgram, type VectorBytes } from "../../src/engines/native/render/program.ts";
import { loadProgram } from "../../src/engines/native/runtime/index.ts";
import { type Compiler, compileLibrary, findCompiler } from "../../src/engines/native/toolchain/index.ts";
import type { Access, Expression, KernelProgram } from "../../src/passes/index.ts";
import { HostRandom } from "../../src/util/index.ts";
import { convolution, type Geometry, matrixProduct, type Problem, solve } from "./contraction-problem.ts";

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
  ...convolutions({ n: 2, size: [10, 11], channels: 3, filters: 5, kernel: [3, 3] }),
  ...convolutions({ n: 3, size: [9, 8], channels: 16, filters: 24, kernel: [3, 3], padding: 1 }),
  ...convolutions({ n: 2, size: [11, 9], channels: 8, filters: 32, kernel: [3, 2], stride: 2, padding: 1 }),
  ...convolutions({ n: 2, size: [12, 12], channels: 1, filters: 32, kernel: [3, 3], padding: 1 }),
  ...convolutions({ n: 1, size: [14, 13], channels: 20, filters: 140, kernel: [2, 2], dilation: 2, padding: 2 }),
  ...convolutions({ n: 8, size: [24, 24], channels: 8, filters: 16, kernel: [3, 3], padding: 1 }),
  ...convolutions({ n: 2, size: [8, 8], channels: 12, filters: 18, kernel: [3, 3], padding: 1, groups: 3 }),
  ...convolutions({ n: 1, size: [20, 20], channels: 4, filters: 6, kernel: [9, 9], padding: 4 }),
  ...convolutions({ n: 2, size: [9, 9], channels: 33, filters: 1, kernel: [3, 3], stride: 2, padding: 1 }),
  convolution("forward", { n: 2, size: [8, 8], channels: 16, filters: 16, kernel: [3, 3], padding: 1, fill: 0.5 }),
];

/** All problems as the steps of one program; every problem has its own five buffers. */
function programOf(problems: readonly Problem[]): KernelProgram {
  const shift = (access: Access, by: number): Access => ({ ...access, buffer: access.buffer + by });
  const shiftValue = (value: Expression, by: number): Expression =>
    value.kind === "load"
      ? { ...value, access: shift(value.access, by) }
      : value.kind === "scalar"
        ? { ...value, args: value.args.map((arg) => shiftValue(arg, by)) }
        : value;
  return {
    name: "contractions",
    buffers: problems.flatMap(({ lengths }) =>
      lengths.map((length, index) => ({ dtype: "float32" as const, length, place: { kind: "input" as const, index } })),
    ),
    steps: problems.map(({ kernel }, i) => ({
      kernel: {
        ...kernel,
        a: shift(kernel.a, 5 * i),
        b: shift(kernel.b, 5 * i),
        stores: kernel.stores.map(({ access, value }) => ({
          access: shift(access, 5 * i),
          value: shiftValue(value, 5 * i),
        })),
      },
      barrier: true,
      parallel: true,
      scope: "",
    })),
    arenaBytes: 0,
    work: 1e9,
  };
}

const values = new HostRandom(5);
const operands = PROBLEMS.map(({ lengths }) =>
  lengths.map((length) => Float32Array.from({ length }, () => values.uniform() * 2 - 1)),
);

async function run(compiler: Compiler, vectorBytes: VectorBytes, threads: number): Promise<Float32Array[]> {
  const program = programOf(PROBLEMS);
  const { sources, scratchBytes, sharedBytes } = renderProgram(program, vectorBytes);
  const library = await compileLibrary({ name: "contractions", sources }, { compiler });
  const native = await loadProgram(library.path, { threads });
  const buffers = operands.flatMap((each) =>
    each.map((data, i) => (i === 2 ? new Float32Array(data.length).fill(NaN) : data)),
  );
  native
    .bind([...buffers, new Float32Array((scratchBytes / 4) * threads + 16), new Float32Array(sharedBytes / 4 + 16)])
    .runSync();
  return PROBLEMS.map((_, i) => buffers[5 * i + 2]!);
}

const found = await findCompiler();

describe.runIf(found.compiler)("contraction kernels", () => {
  const compiler = found.compiler!;
  const widths = ([16, 32, 64] as const).filter((bytes) => bytes <= compiler.vectorBytes);
  let expected: Float64Array[] = [];
  beforeAll(() => {
    expected = PROBLEMS.map((problem, i) => solve(problem, operands[i]!));
  });

  it.each(widths)("with vectors of %d bytes give what the definition gives", { timeout: 180_000 }, async (bytes) => {
    const results = await run(compiler, bytes, 2);
    PROBLEMS.forEach((problem, i) => {
      const truth = expected[i]!;
      let worst = 0;
      results[i]!.forEach((value, at) => {
        // Untouched elements stay as they were.
        const error = Number.isNaN(truth[at]) && Number.isNaN(value) ? 0 : Math.abs(value - truth[at]!);
        worst = error <= worst ? worst : error;
      });
      const depth = problem.kernel.depth.reduce((total, { size }) => total * size, 1);
      expect(worst, problem.name).toBeLessThan(4e-6 * Math.sqrt(depth) + 1e-6);
    });
  });

  it("give the same bits on any number of threads", { timeout: 180_000 }, async () => {
    const [one, ...others] = await Promise.all(
      [1, 2, 3, 7].map((threads) => run(compiler, compiler.vectorBytes, threads)),
    );
    for (const other of others) expect(other).toEqual(one);
  });
});

describe("plans of contractions", () => {
  const kinds = PROBLEMS.map(({ kernel }) => planContraction(normalize(kernel), contractionTarget(64, 32)));
  it("use every way of computing", () => {
    const ways = new Set<string>(kinds.map(({ kind }) => kind));
    for (const plan of kinds) {
      if (plan.kind !== "blocked") continue;
      ways.add(`a ${plan.a.source} ${plan.packA}`).add(`b ${plan.b.source} ${plan.packB}`);
      if (plan.parts > 1) ways.add("parts");
      if (!plan.rowsOuter) ways.add("columns outer");
    }
    expect([...ways].sort()).toMatchInlineSnapshot(`
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
