import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/engines/reference/index.ts";
import { type Node, type TypedArray, topologicalOrder, verify } from "../../src/ir/index.ts";
import { type Optimizer, optimizerFrom, optimizers } from "../../src/optim/index.ts";
import { compileKernels, optimize, type ScatterKernel, updateRows } from "../../src/passes/index.ts";
import { product } from "../../src/util/index.ts";
import type { StateCase } from "./random-state.ts";
import { type Draw, lazily, ROWS, type TableOptions, tableUpdate, WIDTH } from "./table-update.ts";

const rootsOf = ({ program }: StateCase) => [...program.state.map(({ next }) => next), ...program.outputs];

function optimized(each: StateCase): Node[] {
  const state = each.program.state.map(({ input }) => input);
  return optimize(rootsOf(each), state, updateRows);
}

/** Tables of state whose rows are replaced, and whether a gradient of all rows is made. */
function found(roots: readonly Node[]) {
  const nodes = topologicalOrder(roots);
  const large = ({ shape }: Node) => product(shape) === ROWS * WIDTH;
  return {
    put: nodes.filter((node) => node.op.name === "put" && large(node)).length,
    scattered: nodes.filter((node) => node.op.name === "scatter" && large(node)).length,
  };
}

function values(each: StateCase, roots: readonly Node[]): Float64Array[] {
  const { program, inputs, state } = each;
  const given = new Map<Node, TypedArray>(program.inputs.map((node, i) => [node, inputs[i]!]));
  program.state.forEach(({ input }, i) => given.set(input, state[i]!));
  return evaluate(roots, given);
}

/** The first place where two lists of arrays differ, by more than the sign of a zero. */
function difference(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): string | undefined {
  for (const [which, values] of a.entries()) {
    for (let i = 0; i < values.length; i++) {
      if (values[i] !== b[which]![i]) return `array ${which}, element ${i}: ${values[i]}, not ${b[which]![i]}`;
    }
  }
  return undefined;
}

const adagradLike = optimizers.custom(
  ({ parameter, gradient, slots, learningRate }) => {
    const seen = slots.seen.add(gradient.abs());
    return { parameter: parameter.sub(gradient.mul(learningRate).div(seen.maximum(1e-3))), slots: { seen } };
  },
  { slots: { seen: 0 }, elementwise: true },
);

const EXACT: readonly (readonly [string, Optimizer])[] = [
  ["sgd", optimizers.sgd()],
  ["sgd that clips values", optimizers.sgd({ clipValue: 0.1 })],
  ["adagrad", optimizers.adagrad()],
  ["adagrad that starts at 0.1", optimizers.adagrad({ initialAccumulatorValue: 0.1 })],
  ["a rule of one's own", adagradLike],
  ["adam of elements that have a gradient", lazily(optimizers.adam())],
];

const OTHERS: readonly (readonly [string, Optimizer, Partial<TableOptions>])[] = [
  ["momentum", optimizers.momentum(), {}],
  ["adam", optimizers.adam(), {}],
  ["rmsprop", optimizers.rmsprop(), {}],
  ["weight decay", optimizers.sgd({ weightDecay: 0.01 }), {}],
  ["a limit on the norm of each weight", optimizers.sgd({ clipNorm: 1 }), {}],
  ["a limit on the norm of all", optimizers.sgd({ globalClipNorm: 1 }), {}],
  ["adagrad that may divide 0 by 0", optimizers.adagrad({ epsilon: 0 }), {}],
  ["gradients added up over steps", optimizers.gradientAccumulation({ optimizer: "sgd", steps: 2 }), {}],
  ["an average of all weights", optimizers.ema({ optimizer: "sgd" }), {}],
  ["a table that is used as a whole, too", optimizers.sgd(), { tied: true }],
  ["a gradient that is asked for", optimizers.sgd(), { output: "gradient" }],
  ["new parameters that are asked for", optimizers.sgd(), { output: "parameter" }],
  ["many rows named", optimizers.sgd(), { lookups: [ROWS / 2] }],
];

describe("updates of a table's few rows", () => {
  it.each(EXACT)("%s: only these are computed, with the same values", (name, rule) => {
    const draws: readonly Draw[] = ["any", "none twice", "one", "few, or outside"];
    for (const [seed, draw] of draws.entries()) {
      for (const lookups of [[300], [200, 100, 30]]) {
        const each = tableUpdate(name, rule, { lookups, draw, seed });
        const roots = optimized(each);
        verify(roots);
        expect(found(roots)).toEqual({ put: 1 + Object.keys(rule.slots).length, scattered: 0 });
        expect(difference(values(each, roots), values(each, optimize(rootsOf(each))))).toBeUndefined();
      }
    }
  });

  it.each(OTHERS)("%s: all rows are updated", (name, rule, options) => {
    const roots = optimized(tableUpdate(name, rule, { lookups: [300], ...options }));
    expect(found(roots)).toEqual({ put: 0, scattered: 1 });
  });

  it("happen where the table lies, in memory that does not grow with it", () => {
    const step = tableUpdate("adagrad", optimizerFrom("adagrad"), { lookups: [300] }).program;
    const { program } = compileKernels(step, updateRows);
    const kernels = program.steps.flatMap(({ kernel }) => (kernel.kind === "scatter" ? [kernel as ScatterKernel] : []));
    const tables = kernels.filter(({ rows, width }) => rows === ROWS && width === WIDTH);
    expect(tables.map(({ base, replaces }) => ({ base, replaces }))).toEqual(
      Array(2).fill({ base: "target", replaces: true }),
    );
    // Old and new rows, their gradients, and a number for each row of the table.
    expect(program.arenaBytes).toBeLessThan(4 * (6 * 300 * WIDTH + ROWS));
  });
});
