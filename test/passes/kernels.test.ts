import { describe, expect, it } from "vitest";
import type { ConformanceCase } from "../../src/engine/index.ts";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import { layers, sequential } from "../../src/index.ts";
import { DTYPES, type Node, type Program, type TypedArray } from "../../src/ir/index.ts";
import { type CompiledKernels, compileKernels, type KernelProgram } from "../../src/passes/index.ts";
import { HostRandom, product } from "../../src/util/index.ts";
import { evaluateTwice, randomGraph } from "../engine/random-graph.ts";
import { Machine } from "./machine.ts";
import { randomState } from "./random-state.ts";
import { recordPrograms } from "./recorded.ts";

const FIRST = process.env.DESCENT_SEED ? Number(process.env.DESCENT_SEED) : 1;
const GRAPHS = 150;
const STATES = 150;

const empty = (nodes: readonly Node[]): TypedArray[] =>
  nodes.map(({ dtype, shape }) => DTYPES[dtype].create(product(shape)));

/** Runs kernels on the machine; the rules that they broke. */
function run(
  { program, data }: CompiledKernels,
  arrays: { inputs: readonly TypedArray[]; state?: readonly TypedArray[]; outputs: readonly TypedArray[] },
): readonly string[] {
  const machine = new Machine(program, { state: [], ...arrays, data });
  machine.run();
  return machine.violations;
}

/** The greatest difference, relative to the larger of the magnitude and 1. */
function worst(found: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): number {
  let most = 0;
  expected.forEach((values, which) => {
    for (let i = 0; i < values.length; i++) {
      const error = Math.abs(found[which]![i]! - values[i]!) / Math.max(1, Math.abs(values[i]!));
      if (!(error <= most)) most = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
    }
  });
  return most;
}

describe("kernels, run a point at a time by the words of their definition", () => {
  it(`give what ${GRAPHS} random graphs mean and keep the rules of memory, seeds from ${FIRST} (DESCENT_SEED)`, () => {
    const wrong: string[] = [];
    for (let seed = FIRST; seed < FIRST + GRAPHS; seed++) {
      const graph = randomGraph(seed);
      const outputs = empty(graph.program.outputs);
      const broken = run(compileKernels(graph.program), { inputs: graph.inputs, outputs });
      const { exact, rounded } = evaluateTwice(graph);
      // What rounding every op to float32 changes says how well conditioned the graph is.
      const allowed = 1e-5 + 8 * worst(rounded, exact);
      const error = worst(outputs, exact);
      if (!(error <= allowed) || broken.length > 0) wrong.push(`seed ${seed}: off by ${error}; ${broken}`);
    }
    expect(wrong).toEqual([]);
  });

  it(`replace state in place as if it were all at once, ${STATES} random programs, seeds from ${FIRST} (DESCENT_SEED)`, async () => {
    const wrong: string[] = [];
    for (let seed = FIRST; seed < FIRST + STATES; seed++) {
      const { program, inputs, state } = randomState(seed);
      const kernels = compileKernels(program);
      const found = { inputs, state: state.map((each) => each.slice()), outputs: empty(program.outputs) };
      const expected = { inputs, state: state.map((each) => each.slice()), outputs: empty(program.outputs) };
      const reference = (await referenceEngine.compile(program)).bind(expected);
      const broken: string[] = [];
      for (let step = 0; step < 2; step++) {
        broken.push(...run(kernels, found));
        await reference();
      }
      const error = worst([...found.state, ...found.outputs], [...expected.state, ...expected.outputs]);
      if (!(error <= 5e-5) || broken.length > 0) wrong.push(`seed ${seed}: off by ${error}; ${broken}`);
    }
    expect(wrong).toEqual([]);
  });

  it("train a convolutional network with dropout, batch normalization and augmentation", async () => {
    const model = sequential([
      layers.conv2d(4, 3, { activation: "relu", inputShape: [8, 8, 1] }),
      layers.batchNormalization(),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dropout(0.25),
      layers.dense(3, { activation: "softmax" }),
    ]);
    model.compile({
      optimizer: "adam",
      loss: "sparseCategoricalCrossentropy",
      metrics: ["accuracy"],
      engine: "reference",
    });
    const random = new HostRandom(3);
    const x = { data: Float32Array.from({ length: 10 * 64 }, () => random.normal()), shape: [10, 8, 8, 1] };
    const y = { data: Float32Array.from({ length: 10 }, () => random.integer(3)), shape: [10] };
    const augment = [layers.randomAffine({ translation: 0.1, rotation: 10 / 360 }), layers.randomBrightness(0.1)];
    const programs = await recordPrograms(() => model.fit(x, y, { batchSize: 4, epochs: 1, augment, verbose: 0 }));
    expect(programs.map(({ name }) => name)).toMatchInlineSnapshot(`
      [
        "model train 4",
        "model train 2",
      ]
    `);
    for (const program of programs) expect(await compareSteps(program, random)).toBeLessThan(1e-4);
  });
});

/** Three steps of a recorded program against the reference, from small random state. */
async function compareSteps(program: Program, random: HostRandom): Promise<number> {
  const draw = ({ dtype, shape }: Node): TypedArray => {
    const values = DTYPES[dtype].create(product(shape));
    for (let i = 0; i < values.length; i++)
      values[i] = dtype === "float32" ? 0.1 + 0.5 * random.uniform() : random.integer(3);
    return values;
  };
  const inputs = program.inputs.map(draw);
  const state = program.state.map(({ input }) => draw(input));
  const found = { inputs, state: state.map((each) => each.slice()), outputs: empty(program.outputs) };
  const expected = { inputs, state, outputs: empty(program.outputs) };
  const kernels = compileKernels(program);
  const reference = (await referenceEngine.compile(program)).bind(expected);
  for (let step = 0; step < 3; step++) {
    expect(run(kernels, found)).toEqual([]);
    await reference();
  }
  return worst([...found.state, ...found.outputs], [...expected.state, ...expected.outputs]);
}

describe("the machine itself notices", () => {
  /** A graph whose kernels depend on each other and are shared among workers. */
  const graph: ConformanceCase & { readonly state: readonly TypedArray[] } = (() => {
    for (let seed = 1; ; seed++) {
      const found = randomState(seed);
      const { steps } = compileKernels(found.program).program;
      if (
        steps.length > 4 &&
        steps.some(({ barrier }) => barrier) &&
        steps.some(({ kernel }) => kernel.kind === "contraction")
      )
        return found;
    }
  })();
  const changed = (change: (program: KernelProgram) => KernelProgram): readonly string[] => {
    const { program, data } = compileKernels(graph.program);
    const state = graph.state.map((each) => each.slice());
    return run(
      { program: change(program), data },
      { inputs: graph.inputs, state, outputs: empty(graph.program.outputs) },
    );
  };

  it("nothing where all is right", () => {
    expect(changed((program) => program)).toEqual([]);
  });

  it("a missing barrier", () => {
    const broken = changed((program) => ({
      ...program,
      steps: program.steps.map((step) => ({ ...step, barrier: false })),
    }));
    expect(broken.join("\n")).toMatch(/without a barrier after k\d+ (wrote|read)/);
  });

  it("intermediates that share memory", () => {
    const broken = changed((program) => ({
      ...program,
      buffers: program.buffers.map((each) =>
        each.place.kind === "arena" ? { ...each, place: { kind: "arena", offset: 0 } } : each,
      ),
    }));
    expect(broken.join("\n")).toMatch(/reads buffer \d+, where buffer \d+ was written/);
  });

  it("kernels in the wrong order", () => {
    const broken = changed((program) => ({ ...program, steps: [...program.steps].reverse() }));
    expect(broken.join("\n")).toMatch(/reads buffer \d+, where buffer -?\d+ was written/);
  });

  it("a kernel whose points depend on each other", () => {
    const broken = changed((program) => {
      const old = program.buffers.findIndex(({ place }) => place.kind === "state");
      const { dtype } = program.buffers[old]!;
      const loop = { id: 0, size: program.buffers[old]!.length - 1 };
      const access = (constant: number) => ({
        buffer: old,
        dtype,
        index: { constant, terms: [{ coefficient: 1, of: 0 }] },
        guards: [],
        fill: 0,
      });
      const stores = [{ access: access(0), value: { kind: "load", type: "f32", access: access(1) } as const }];
      const kernel = {
        kind: "loop",
        name: "shift",
        outer: [loop],
        stages: [{ inner: [], reductions: [], stores }],
        vector: 0,
      } as const;
      return { ...program, steps: [{ kernel, barrier: false, parallel: true, scope: "", parts: [] }] };
    });
    expect(broken).toEqual([expect.stringMatching(/^shift writes buffer \d+ where another point of it reads$/)]);
  });
});
