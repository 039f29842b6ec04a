import { describe, expect, it } from "vitest";
import { evaluate, type Node, ops, topologicalOrder } from "../../src/ir/index.ts";
import { compileKernels } from "../../src/passes/index.ts";
import { gradients, scan, Tensor, zeros } from "../../src/tensor/index.ts";
import { HostRandom, product } from "../../src/util/index.ts";
import { Machine } from "./machine.ts";

const [STEPS, BATCH, FEATURES, UNITS] = [10, 3, 5, 16];
/** Bytes of one value of every unit at every step. */
const STACK = 4 * STEPS * BATCH * UNITS;

const gate = (z: Tensor, i: number) => z.slice(null, [i * UNITS, (i + 1) * UNITS]);

/** A long short-term memory's step, z = x + h U. */
function lstm([h, c]: readonly [Tensor, Tensor], x: Tensor, u: Tensor): readonly [Tensor, Tensor] {
  const z = x.add(h.matmul(u));
  const next = gate(z, 1)
    .sigmoid()
    .mul(c)
    .add(gate(z, 0).sigmoid().mul(gate(z, 2).tanh()));
  return [gate(z, 3).sigmoid().mul(next.tanh()), next];
}

interface Graph {
  readonly inputs: readonly Node[];
  readonly outputs: readonly Node[];
}

/** The gradients of a recurrent network's weights. `project` makes the slices of what is given. */
function slopes(project: (x: Tensor, w: Tensor) => Tensor, reverse = false): Graph {
  const shapes = [
    [STEPS, BATCH, FEATURES],
    [FEATURES, 4 * UNITS],
    [UNITS, 4 * UNITS],
  ];
  const inputs = shapes.map((shape, i) => ops.placeholder(`x${i}`, shape, "float32"));
  const [x, w, u] = inputs.map((node) => new Tensor(node)) as [Tensor, Tensor, Tensor];
  const init = [zeros([BATCH, UNITS]), zeros([BATCH, UNITS])] as const;
  const step = (states: readonly [Tensor, Tensor], slice: Tensor) => {
    const next = lstm(states, slice, u);
    return [next, next[0]] as const;
  };
  const [, ys] = scan(step, { init, xs: project(x, w), reverse });
  return { inputs, outputs: gradients(ys.square().sum(), [w, u]).map(({ node }) => node) };
}

const compiled = ({ inputs, outputs }: Graph) =>
  compileKernels({ name: "slopes", inputs: [...inputs], state: [], outputs: [...outputs] });

describe.each([
  ["forward", false],
  ["in reverse", true],
] as const)("the gradient of a long short-term memory, %s", (_name, reverse) => {
  it("keeps the sums before the gates and the cell's state, beside the outputs", () => {
    const { outputs } = slopes((x, w) => x.matmul(w), reverse);
    const stacks = topologicalOrder(outputs).filter(({ op }) => op.name === "scan");
    const elements = stacks.map(({ shape }) => product(shape) / (STEPS * BATCH * UNITS));
    // The sums, the states before each step (two views of one stack: c and c', h and h'), and the gradient of the sums.
    expect(elements.sort()).toEqual([1, 1, 1, 1, 4, 4]);
  });

  it("makes the sums in the place of what is projected, and their gradient in the place of the sums", () => {
    const { program } = compiled(slopes((x, w) => x.matmul(w), reverse));
    // Four for all of these, one each for h, for c and for the gradient of h. A slot more for h and c, two each for what flows back.
    expect(program.liveBytes).toBeLessThanOrEqual((4 + 3) * STACK + (6 * STACK) / STEPS);
  });

  it("is two kernels a turn, one for the product and one for everything else", () => {
    const { program } = compiled(slopes((x, w) => x.matmul(w), reverse));
    const turns = program.steps.flatMap(({ kernel }) => (kernel.kind === "repeat" ? [kernel.steps] : []));
    expect(turns.map((steps) => steps.map(({ kernel }) => kernel.kind))).toEqual([
      ["contraction", "loop"],
      ["loop", "contraction"],
    ]);
  });

  it.each<[string, (x: Tensor, w: Tensor) => Tensor]>([
    ["of their own", (x, w) => x.matmul(w)],
    ["that lie across", (x, w) => x.transpose([1, 0, 2]).matmul(w).transpose([1, 0, 2])],
    ["that are read again after the loop", (x, w) => x.matmul(w).tanh()],
  ])("has the right values with projections %s", (_which, project) => {
    const graph = slopes(project, reverse);
    const { program, data } = compiled(graph);
    const random = new HostRandom(3);
    const inputs = graph.inputs.map(({ shape }) =>
      Float32Array.from({ length: product(shape) }, () => random.uniform() - 0.5),
    );
    const found = graph.outputs.map(({ shape }) => new Float32Array(product(shape)));
    const machine = new Machine(program, { inputs, state: [], outputs: found, data });
    machine.run();
    expect(machine.violations).toEqual([]);
    const exact = evaluate(
      [...graph.outputs],
      new Map(graph.inputs.map((node, i) => [node, Float64Array.from(inputs[i]!)])),
    );
    exact.forEach((values, i) => values.forEach((value, j) => expect(found[i]![j]!).toBeCloseTo(value, 4)));
  });
});
