import { backward } from "../../src/autodiff/index.ts";
import type { ConformanceCase } from "../../src/engine/index.ts";
import { drawInput } from "../../src/engine/index.ts";
import { evaluate, type Node, OPS, ops, type TypedArray, topologicalOrder } from "../../src/ir/index.ts";
import { overlapAdd, windows } from "../../src/ir/ops/index.ts";
import {
  arange,
  averagePool,
  concatenate,
  conv,
  maxPool,
  randomKey,
  scan,
  scatterAdd,
  stopGradient,
  where,
} from "../../src/tensor/index.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { HostRandom } from "../../src/util/index.ts";

const SIZES = [1, 2, 3, 4, 5, 7, 17, 20];

/** Functions that stay finite and continuous on what they are given. */
const UNARY: ((x: Tensor) => Tensor)[] = [
  (x) => x.tanh(),
  (x) => x.sigmoid(),
  (x) => x.relu(),
  (x) => x.sin(),
  (x) => x.cos(),
  (x) => x.erf(),
  (x) => x.abs().add(0.1).log(),
  (x) => x.abs().add(0.1).sqrt(),
  (x) => x.tanh().exp(),
  (x) => x.neg(),
  (x) => x.square().tanh(),
  (x) => x.tanh().expm1(),
  (x) => x.abs().log1p(),
  (x) => x.mul(0.5).add(1),
  (x) => x.softmax(),
  (x) => x.softplus(),
];

const BINARY: ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => a.add(b),
  (a, b) => a.sub(b),
  (a, b) => a.mul(b).tanh(),
  (a, b) => a.div(b.abs().add(1)),
  (a, b) => a.maximum(b),
  (a, b) => a.minimum(b),
  (a, b) => a.abs().add(0.5).pow(b.tanh()),
];

/** A random program of a few inputs, all kinds of ops, several outputs and sometimes gradients of it all. */
export function randomGraph(seed: number): ConformanceCase {
  const random = new HostRandom(seed, 11);
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const inputs: Node[] = [];
  const values: Tensor[] = [];
  const fresh = (shape: readonly number[]): Tensor => {
    const node = ops.placeholder(`x${inputs.length}`, shape, "float32");
    inputs.push(node);
    return new Tensor(node);
  };
  const shape = () => Array.from({ length: 1 + random.integer(3) }, () => pick(SIZES));
  for (let i = 0; i < 2 + random.integer(2); i++) values.push(fresh(shape()));
  const leaf = () => new Tensor(pick(inputs));

  const step = (): Tensor => {
    const x = pick(values.filter(({ rank }) => rank > 0));
    const axis = random.integer(x.rank);
    switch (random.integer(18)) {
      case 0:
      case 1:
      case 2:
        return pick(UNARY)(x);
      case 3:
      case 4: {
        // A partner that broadcasts: some axes 1, or leading ones missing.
        const other = x.shape.map((size) => (random.integer(3) === 0 ? 1 : size)).slice(random.integer(x.rank + 1));
        const known = values.filter((each) => each.shape.join() === x.shape.join());
        return pick(BINARY)(x, random.integer(2) === 0 ? pick(known) : fresh(other));
      }
      case 5:
        return pick([
          () => x.sum({ axis }),
          () => x.mean({ axis, keepdims: true }),
          () => x.max({ axis }),
          () => x.min({ axis, keepdims: true }),
        ])();
      case 6:
        return x.rank > 1 ? x.sum({ axis: [0, x.rank - 1] }) : x.logSumExp({ keepdims: true });
      case 7:
        return x.transpose(random.shuffle([...x.shape.keys()]));
      case 8: {
        const factors: number[] = [];
        let rest = x.size;
        for (const p of [2, 3, 5, 7, 17]) {
          while (rest % p === 0 && random.integer(4) > 0) {
            factors.push(p);
            rest /= p;
          }
        }
        return x.reshape(random.shuffle([...factors, rest]));
      }
      case 9:
        return x.slice(
          ...x.shape.map((size) => {
            const from = random.integer(size);
            return random.integer(3) === 0
              ? ([from, null, -1] as const)
              : ([from, Math.min(size, from + 1 + random.integer(size))] as const);
          }),
        );
      case 10:
        return x.pad(
          x.shape.map(() => [random.integer(3), random.integer(2)] as const),
          pick([0, 0, -1.5]),
        );
      case 11: {
        const columns = pick(SIZES);
        return x.matmul(fresh([x.shape.at(-1)!, columns])).mul(1 / x.shape.at(-1)!);
      }
      case 12: {
        const rows = drawRows(random, x.shape[0]!, 6);
        const indices = new Tensor(ops.data(rows, [6], "int32"));
        return pick([
          () => x.take(indices),
          () => scatterAdd(indices, x.take(indices), x.shape[0]!),
          () => new Tensor(ops.put(x.node, indices.node, x.take(indices).tanh().node)),
        ])();
      }
      case 13:
        return random.integer(2) === 0 ? concatenate([x, x.tanh(), x], { axis }) : scanned(x, axis, random, fresh);
      case 14: {
        // Decisions are taken on the inputs themselves, where both engines see the very same numbers.
        const by = leaf();
        const mask = pick([
          () => by.less(0.3).logicalOr(by.greater(1)),
          () => by.lessEqual(-0.5).logicalNot(),
          () => by.notEqual(by.floor()).logicalAnd(by.greaterEqual(0)),
          () => by.argmax().equal(arange(by.size).reshape(by.shape)),
        ])();
        return by.shape.join() === x.shape.join() ? where(mask, x, x.neg().mul(0.5)) : where(mask, by, 0.25);
      }
      case 15: {
        const by = leaf();
        return pick([
          () => by.floor(),
          () => by.ceil().mul(0.5),
          () => by.round().sub(by),
          () => by.sign().mul(by),
          () => by.mod(1.5),
          () => x.tanh().add(0.5).prod({ axis, keepdims: true }),
          () => x.add(randomKey(seed).uniform(x.shape)),
          () => stopGradient(x).mul(0.5).add(x.mul(0.5)),
        ])();
      }
      case 16: {
        const image = fresh([2, 6, 5, pick([1, 2, 4])]);
        const channels = image.shape[3]!;
        const groups = channels === 4 ? pick([1, 2]) : 1;
        const options = {
          strides: pick([1, 2]),
          dilation: pick([1, 2]),
          padding: pick(["valid", "same"] as const),
          groups,
        };
        return pick([
          () => conv(image, fresh([3, 2, channels / groups, 4]), options).mul(0.2),
          () => maxPool(image, { size: 2, strides: pick([1, 2]), padding: "same" }),
          () => averagePool(image, { size: [3, 2], strides: 2, padding: pick(["valid", "same"] as const) }),
        ])();
      }
      default: {
        if (x.shape[axis]! < 2) return x.tanh();
        const windowed = windows(x.node, axis, 2, 1 + random.integer(2), 1);
        return new Tensor(random.integer(2) === 0 ? windowed : overlapAdd(windowed, axis, 2, 2));
      }
    }
  };
  for (let i = 0; i < 3 + random.integer(9); i++) {
    const next = step();
    if (next.size > 0 && next.size < 20_000) values.push(next);
  }
  const outputs = [values.at(-1)!, pick(values)];
  if (random.integer(2) === 0) {
    const loss = values
      .slice(-3)
      .map((each) => each.mean())
      .reduce((a, b) => a.add(b));
    outputs.push(...gradientsOf(loss, inputs));
  }
  return {
    name: `random graph ${seed}`,
    program: { name: `random ${seed}`, inputs, state: [], outputs: outputs.map((each) => each.node) },
    inputs: inputs.map((node) => drawInput(node, random)),
  };
}

/** A recurrence along an axis of x: through a matrix where a step is one. */
function scanned(x: Tensor, axis: number, random: HostRandom, fresh: (shape: readonly number[]) => Tensor): Tensor {
  const others = [...x.shape.keys()].filter((each) => each !== axis);
  const xs = x.transpose([axis, ...(random.integer(2) === 0 ? others : others.reverse())]);
  const [, ...shape] = xs.shape;
  const width = shape.at(-1) ?? 1;
  const weight = shape.length === 2 ? fresh([width, width]) : undefined;
  const scale = fresh(shape.slice(-1));
  const step = (carry: { sum: Tensor; last: Tensor }, slice: Tensor) => {
    const mixed = weight ? carry.sum.matmul(weight).mul(1 / width) : carry.sum.mul(0.5);
    const sum = mixed.add(slice.mul(scale)).tanh();
    return [{ sum, last: slice }, [sum.add(carry.last.mul(0.5)), slice.exp().sum()]] as const;
  };
  const [reverse, recompute] = [random.integer(2) === 0, random.integer(2) === 0];
  const init = { sum: fresh(shape), last: x.sum().mul(0.1).broadcastTo(shape) };
  const [{ sum }, [sums]] = scan(step, { init, xs: xs.tanh(), reverse, recompute });
  return random.integer(3) === 0 ? concatenate([sums!, sum.expandDims(0)]) : random.integer(4) === 0 ? sum : sums!;
}

function gradientsOf(loss: Tensor, inputs: readonly Node[]): Tensor[] {
  return backward(loss.node, inputs).map((node) => new Tensor(node));
}

function drawRows(random: HostRandom, rows: number, count: number): Int32Array {
  return Int32Array.from({ length: count }, () => random.integer(rows + 2) - 1);
}

/** Ops that random graphs can contain; a test says that all of the language's are among them or named as exceptions. */
export function opsOf(cases: readonly ConformanceCase[]): Set<string> {
  return new Set(cases.flatMap(({ program }) => topologicalOrder(program.outputs).map(({ op }) => op.name)));
}

/** Values of a program in float64, and the same with every float rounded to float32 after each op. */
export function evaluateTwice({ program, inputs }: ConformanceCase): {
  exact: Float64Array[];
  rounded: Float64Array[];
} {
  const run = (round: (values: Float64Array) => Float64Array): Float64Array[] => {
    const given = new Map(program.inputs.map((node, i) => [node, inputs[i] as TypedArray]));
    return evaluate(program.outputs, given, (values, { dtype }) => (dtype === "float32" ? round(values) : values));
  };
  return { exact: run((values) => values), rounded: run((values) => values.map(Math.fround)) };
}

export const ALL_OPS = OPS.map(({ name }) => name);
