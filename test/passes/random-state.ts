import type { ConformanceCase } from "../../src/engine/index.ts";
import { drawInput } from "../../src/engine/index.ts";
import { type Node, ops, type Program, type TypedArray } from "../../src/ir/index.ts";
import { concatenate } from "../../src/tensor/index.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { HostRandom } from "../../src/util/index.ts";

/** A program whose state is replaced by values of itself and others, in all the ways that are hard to do in place. */
export interface StateCase extends ConformanceCase {
  readonly program: Program;
  /** First values of the state. */
  readonly state: readonly TypedArray[];
}

/** New values of a square matrix from it and others of its shape. All stay within a few units over several runs. */
const UPDATES: readonly ((own: Tensor, others: readonly Tensor[], pick: <T>(list: readonly T[]) => T) => Tensor)[] = [
  (own) => own,
  (_own, others, pick) => pick(others),
  (own, others, pick) => own.mul(0.5).add(pick(others).tanh()),
  (own) => own.transpose(),
  (own) => own.flip(0),
  (own, others, pick) => pick(others).flip(1),
  (own) => own.matmul(own).mul(1 / own.shape[0]!),
  (own, others, pick) => pick(others).matmul(own).tanh(),
  (own) => own.sub(own.mean({ axis: 0, keepdims: true })).tanh(),
  (own, others, pick) => own.softmax().sub(pick(others).softmax({ axis: 0 })),
  (own, others, pick) => concatenate([own.slice([1, null]), pick(others).slice([0, 1])]),
  (own, others, pick) => concatenate([pick(others).slice(null, [0, 2]), own.slice(null, [2, null])], { axis: 1 }),
  (own) => concatenate([own.slice([0, 1]), own.slice([0, 1]), own.slice([2, null])]),
  (own, others, pick) =>
    pick(others)
      .slice([1, null], [1, null])
      .pad(
        [
          [0, 1],
          [0, 1],
        ],
        0.25,
      ),
  (own) => own.reshape([-1]).flip(0).reshape(own.shape),
  (own) => own.mean({ axis: 1, keepdims: true }).broadcastTo(own.shape).sin(),
  (own) =>
    own.take(new Tensor(ops.data(Int32Array.of(1, 0, 2), [3], "int32"))).pad([
      [0, own.shape[0]! - 3],
      [0, 0],
    ]),
  (own) => new Tensor(ops.constant(0.75, own.shape)),
  (own) => {
    const [rows, width] = [own.shape[0]! - 1, own.shape[0]!];
    const table = own
      .reshape([-1])
      .slice([1, 1 + rows * width])
      .reshape([rows, width]);
    return table.take(new Tensor(ops.iota([width], 0))).add(own);
  },
];

/** A random program of two to five states of one shape and one input; some outputs read state, old or new. */
export function randomState(seed: number): StateCase {
  const random = new HostRandom(seed, 12);
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const size = pick([3, 5, 5, 17, 17, 30, 30, 50]);
  const place = (name: string) => ops.placeholder(name, [size, size], "float32");
  const states = Array.from({ length: 2 + random.integer(4) }, (_, i) => place(`s${i}`));
  const input = place("x");
  const all = [...states, input].map((node) => new Tensor(node));
  const next: Node[] = [];
  for (const node of states) {
    const own = new Tensor(node);
    const others = random.integer(3) === 0 ? [...all, ...next.map((each) => new Tensor(each))] : all;
    next.push(pick(UPDATES)(own, others, pick).node);
  }
  const outputs: Node[] = [];
  for (let i = 0; i < random.integer(4); i++) {
    outputs.push(
      pick([...next, ...states, ops.tanh(pick(states)), ops.sum(pick(next), [0]), ops.transpose(pick(states))]),
    );
  }
  return {
    name: `random state ${seed}`,
    program: {
      name: `random state ${seed}`,
      inputs: [input],
      state: states.map((node, i) => ({ input: node, next: next[i]! })),
      outputs,
    },
    inputs: [drawInput(input, random)],
    state: states.map((node) => drawInput(node, random)),
  };
}
