import { beforeAll, describe, expect, it } from "vitest";
import { difference, drawInput, type Engine } from "../../src/engine/index.ts";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import { type Node, ops, type Program, type TypedArray } from "../../src/ir/index.ts";
import { concatenate, Tensor } from "../../src/tensor/index.ts";
import { environment, HostRandom, product } from "../../src/util/index.ts";
import { randomState, type StateCase } from "../passes/random-state.ts";
import { compiledEngines } from "./engines.ts";

/** Several programs as one, so that they are compiled together. */
function join(cases: readonly StateCase[]): Program {
  return {
    name: "states",
    inputs: cases.flatMap(({ program }) => program.inputs),
    state: cases.flatMap(({ program }) => program.state),
    outputs: cases.flatMap(({ program }) => program.outputs),
  };
}

/** State and outputs of all cases after each of `steps` runs: [case][step] -> arrays. */
async function runs(engine: Engine, cases: readonly StateCase[], steps: number): Promise<TypedArray[][][]> {
  const program = join(cases);
  const executable = await engine.compile(program);
  const place = (nodes: readonly Node[], values: readonly TypedArray[] = []) =>
    nodes.map((node, i) => {
      const array = engine.allocate(node.dtype, product(node.shape));
      if (values[i]) array.set(values[i]);
      return array;
    });
  const inputs = place(
    program.inputs,
    cases.flatMap((each) => each.inputs),
  );
  const state = place(
    program.state.map(({ input }) => input),
    cases.flatMap((each) => each.state),
  );
  const outputs = place(program.outputs);
  const step = executable.bind({ inputs, state, outputs });
  const history: TypedArray[][][] = cases.map(() => []);
  for (let i = 0; i < steps; i++) {
    await step();
    const [ownState, ownOutputs] = [state.values(), outputs.values()];
    cases.forEach(({ program }, which) => {
      const own = [...take(ownState, program.state.length), ...take(ownOutputs, program.outputs.length)];
      history[which]!.push(own.map((each) => each.slice()));
    });
  }
  return history;
}

/** The next `count` of a list. */
function take(arrays: Iterator<TypedArray>, count: number): TypedArray[] {
  return Array.from({ length: count }, () => arrays.next().value as TypedArray);
}

type Named = Record<string, Tensor>;

/** A program over states of one shape, given by name: what becomes of them, and outputs. */
function stateCase(
  name: string,
  names: string,
  shape: readonly number[],
  body: (state: Named & { readonly x: Tensor }) => { readonly next: Named; readonly outputs?: readonly Tensor[] },
): StateCase {
  const random = new HostRandom(9, 13);
  const x = ops.placeholder("x", shape, "float32");
  const states = [...names].map((each) => ops.placeholder(each, shape, "float32"));
  const { next, outputs = [] } = body({
    ...Object.fromEntries(states.map((node, i) => [names[i]!, new Tensor(node)])),
    x: new Tensor(x),
  });
  return {
    name,
    program: {
      name,
      inputs: [x],
      state: states.map((input, i) => ({ input, next: next[names[i]!]?.node ?? input })),
      outputs: outputs.map(({ node }) => node),
    },
    inputs: [drawInput(x, random)],
    state: states.map((node) => drawInput(node, random)),
  };
}

const flat = [24];
const square = [5, 5];

/** All that must hold of replacing state: every value is computed from the state as it was before the run. */
const CASES: readonly StateCase[] = [
  stateCase("a and b change places", "ab", flat, ({ a, b }) => ({ next: { a: b!, b: a! } })),
  stateCase("three go round", "abc", flat, ({ a, b, c }) => ({ next: { a: b!, b: c!, c: a! } })),
  stateCase("a and b change places, one doubled", "ab", flat, ({ a, b }) => ({ next: { a: b!.mul(2), b: a! } })),
  stateCase("each is computed from the other", "ab", flat, ({ a, b }) => ({
    next: { a: b!.tanh(), b: a!.mul(0.5).sin() },
  })),
  stateCase("a turns around", "a", flat, ({ a }) => ({ next: { a: a!.flip(0) } })),
  stateCase("a is transposed", "a", square, ({ a }) => ({ next: { a: a!.T } })),
  stateCase("a moves on by one", "a", flat, ({ a }) => ({
    next: { a: concatenate([a!.slice([1, null]), a!.slice([0, 1])]) },
  })),
  stateCase("a is shifted in place", "a", flat, ({ a }) => ({ next: { a: a!.slice([1, null]).pad([[0, 1]]) } })),
  stateCase("others read the old a after its update", "ab", flat, ({ a, b }) => ({
    next: { a: a!.add(1), b: b!.add(a!.sum()) },
    outputs: [a!.mul(3), a!.flip(0), a!.sum()],
  })),
  stateCase("others read the new a", "ab", flat, ({ a, b }) => {
    const next = a!.mul(0.5).add(1);
    return { next: { a: next, b: b!.add(next.flip(0)) }, outputs: [next, next.sum(), next.exp()] };
  }),
  stateCase("old and new at once", "a", flat, ({ a }) => {
    const next = a!.tanh();
    return { next: { a: next }, outputs: [next.sub(a!), a!.sub(next.flip(0))] };
  }),
  stateCase("w becomes w @ w", "w", square, ({ w }) => ({ next: { w: w!.matmul(w!).mul(0.1) } })),
  stateCase("w becomes w @ w, nothing after it", "w", square, ({ w }) => ({ next: { w: w!.matmul(w!) } })),
  stateCase("w by its product with x and itself", "w", square, ({ w, x }) => ({
    next: { w: w!.sub(x.matmul(w!).mul(0.01)) },
  })),
  stateCase("w by the product of its transpose", "w", square, ({ w, x }) => ({ next: { w: w!.T.matmul(x).tanh() } })),
  stateCase("normalized by its own sums", "a", square, ({ a }) => ({
    next: { a: a!.sub(a!.mean({ axis: 0, keepdims: true })).div(a!.std({ axis: 1, keepdims: true }).add(1)) },
  })),
  stateCase("becomes the input", "a", flat, ({ x, a }) => ({ next: { a: x }, outputs: [a!] })),
  stateCase("becomes a view of the input", "a", square, ({ x }) => ({ next: { a: x.T } })),
  stateCase("becomes a constant", "ab", flat, ({ a }) => ({ next: { a: a!.mul(0), b: a!.mul(0).add(7) } })),
  stateCase("two become the same value", "ab", flat, ({ x }) => ({ next: { a: x.exp(), b: x.exp() } })),
  stateCase("two become the same input", "ab", flat, ({ x }) => ({ next: { a: x, b: x } })),
  stateCase("does not change, and is read", "a", flat, ({ a, x }) => ({ next: {}, outputs: [a!.add(x), a!] })),
  stateCase("given as its own next value", "a", flat, ({ a }) => ({ next: { a: a! }, outputs: [a!.mul(2)] })),
  stateCase("outputs that are the input, twice", "", flat, ({ x }) => ({ next: {}, outputs: [x, x, x.flip(0)] })),
  stateCase("an output given twice", "a", flat, ({ a, x }) => {
    const y = a!.mul(x);
    return { next: { a: y }, outputs: [y, y, y.reshape([4, 6]), y.sum(), y.sum()] };
  }),
  stateCase("an output that is the new state of another", "ab", flat, ({ a, b }) => ({
    next: { a: b!.tanh() },
    outputs: [b!.tanh(), a!],
  })),
  stateCase("the same piece twice in a concatenation", "a", flat, ({ a, x }) => {
    const piece = a!.mul(x).slice([0, 12]);
    return { next: { a: concatenate([piece, piece]) }, outputs: [concatenate([piece, x, piece]), piece] };
  }),
  stateCase("concatenations that share pieces", "a", flat, ({ a, x }) => {
    const [left, right] = [a!.slice([0, 12]).exp(), x.slice([12, null]).tanh()];
    return {
      next: { a: concatenate([right, left]) },
      outputs: [concatenate([left, right]), concatenate([left, left])],
    };
  }),
  stateCase("a concatenation of concatenations", "a", flat, ({ a, x }) => {
    const inner = concatenate([a!.slice([0, 6]).exp(), x.slice([0, 6])]);
    return { next: { a: concatenate([inner, inner]) }, outputs: [concatenate([x, inner]), inner] };
  }),
  stateCase("moving statistics in slices of one flat state", "m", flat, ({ m, x }) => {
    const [mean, variance, rest] = [m!.slice([0, 6]), m!.slice([6, 12]), m!.slice([12, null])];
    const batch = x.reshape([4, 6]);
    const [newMean, newVariance] = [batch.mean({ axis: 0 }), batch.var({ axis: 0 })];
    const next = concatenate([mean.mul(0.9).add(newMean.mul(0.1)), variance.mul(0.9).add(newVariance.mul(0.1)), rest]);
    return { next: { m: next }, outputs: [batch.sub(mean).div(variance.abs().add(0.1).sqrt())] };
  }),
  stateCase("moments of Adam, with the parameters by slices", "pmv", flat, ({ p, m, v, x }) => {
    const [kernel, bias] = [p!.slice([0, 20]).reshape([4, 5]), p!.slice([20, null])];
    const y = x.slice([0, 20]).reshape([5, 4]).matmul(kernel);
    const slopes = concatenate([y.T.matmul(y).slice([0, 4]).reshape([-1]).mul(0.1), bias.sub(x.slice([0, 4]))]);
    const moment = m!.mul(0.9).add(slopes.mul(0.1));
    const second = v!.abs().mul(0.99).add(slopes.square().mul(0.01));
    return {
      next: { p: p!.sub(moment.div(second.sqrt().add(1e-3)).mul(0.01)), m: moment, v: second },
      outputs: [y.sum()],
    };
  }),
  stateCase("rows of a weight in the state, which changes", "ab", flat, ({ a, b }) => {
    const numbers = new Tensor(ops.data(Int32Array.of(4, 0, 4, 5), [4], "int32"));
    const rows = a!.slice([4, null]).reshape([5, 4]).take(numbers);
    const next = concatenate([a!.slice([0, 4]).mul(0.5), a!.slice([4, null]).sub(rows.sum().mul(0.01))]);
    return { next: { a: next, b: b!.add(rows.reshape([16]).pad([[4, 4]])) }, outputs: [rows, rows.tanh().flip(0)] };
  }),
  stateCase("kept where a condition on all of it fails", "ab", flat, ({ a, b, x }) => {
    const good = x.sum().less(0);
    return { next: { a: good.where(a!.add(x), a!), b: good.where(b!, b!.flip(0)) }, outputs: [good.cast("float32")] };
  }),
];

for (const engine of await compiledEngines()) {
  describe(`state on ${engine.name}, three runs`, () => {
    const found = new Map<StateCase, TypedArray[][]>();
    const expected = new Map<StateCase, TypedArray[][]>();
    beforeAll(async () => {
      (await runs(engine, CASES, 3)).forEach((history, i) => found.set(CASES[i]!, history));
      (await runs(referenceEngine, CASES, 3)).forEach((history, i) => expected.set(CASES[i]!, history));
    });

    it.each(CASES.map((each) => [each.name, each] as const))("%s", (_name, each) => {
      expected.get(each)!.forEach((arrays, step) => {
        arrays.forEach((values, i) => expect(difference(found.get(each)![step]![i]!, values)).toBeLessThan(2e-5));
      });
    });

    const first = Number(environment("DESCENT_SEED") ?? 1000);
    it(`random programs, seeds from ${first} (DESCENT_SEED)`, async () => {
      const wrong: string[] = [];
      const cases = Array.from({ length: 25 }, (_, i) => randomState(first + i));
      const [own, reference] = [await runs(engine, cases, 3), await runs(referenceEngine, cases, 3)];
      cases.forEach(({ name }, which) => {
        reference[which]!.forEach((arrays, step) => {
          const error = Math.max(...arrays.map((values, i) => difference(own[which]![step]![i]!, values)));
          if (!(error < 5e-5)) wrong.push(`${name}, run ${step}: ${error}`);
        });
      });
      expect(wrong).toEqual([]);
    });
  });
}
