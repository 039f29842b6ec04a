import { describe, expect, it } from "vitest";
import { evaluate, type Node, ops, topologicalOrder, verify } from "../../src/ir/index.ts";
import { compileKernels, recompute, simplify } from "../../src/passes/index.ts";
import { gradients, Tensor } from "../../src/tensor/index.ts";
import { HostRandom } from "../../src/util/index.ts";

const FIRST = process.env.DESCENT_SEED ? Number(process.env.DESCENT_SEED) : 1;
const ROWS = 256;
const UNITS = 128;
const BYTES = ROWS * UNITS * 4;

const ACTIVATIONS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  gelu: (x) => x.mul(x.mul(Math.SQRT1_2).erf().add(1)).mul(0.5),
  silu: (x) => x.mul(x.sigmoid()),
  softmax: (x) => x.softmax(),
};

/** Loss of a network without biases, and the gradients of its weights. */
function step(activation: (x: Tensor) => Tensor, layers: number): { roots: Node[]; given: Node[] } {
  const x = ops.placeholder("x", [ROWS, UNITS], "float32");
  const weights = Array.from({ length: layers }, (_, i) => ops.placeholder(`w${i}`, [UNITS, UNITS], "float32"));
  const tensors = weights.map((node) => new Tensor(node));
  const loss = tensors
    .reduce((value, w) => activation(value.matmul(w)), new Tensor(x))
    .square()
    .sum();
  return { roots: gradients(loss, tensors).map(({ node }) => node), given: [x, ...weights] };
}

/** Values that products multiply, each as itself or as a view. */
function operands(roots: readonly Node[]): Set<Node> {
  const base = (node: Node): Node => (node.op.family === "movement" ? base(node.inputs[0]!) : node);
  const products = topologicalOrder(roots).filter(({ op }) => op.family === "contraction");
  return new Set(products.flatMap(({ inputs }) => inputs.map(base)));
}

describe("what products multiply", () => {
  it.each(Object.entries(ACTIVATIONS))("is made again for the gradients of weights: %s", (_name, activation) => {
    const before = simplify(step(activation, 4).roots);
    const after = recompute(before);
    verify(after);
    // All activations but the last, which no product reads.
    expect(operands(after).size).toBe(operands(before).size + 3);
  });

  it.each(Object.entries(ACTIVATIONS))("is not kept until then: %s", (_name, activation) => {
    const alive = (layers: number) => {
      const { roots, given } = step(activation, layers);
      const compiled = compileKernels({ name: "step", inputs: given, state: [], outputs: roots });
      return compiled.program.liveBytes;
    };
    // Of a gated activation what is multiplied, of a softmax the exponentials; but for sums of rows.
    const kept = activation === ACTIVATIONS.softmax ? 1 : 2;
    expect((alive(8) - alive(4)) / 4).toBeLessThan((kept + 0.1) * BYTES);
  });

  it("is kept where no kernel reads anyway what it is made of", () => {
    const { roots } = step((x) => x.relu(), 4);
    const before = simplify(roots);
    expect(recompute(before)).toEqual(before);
  });

  it(`keeps the values of 60 random networks and of gradients of their gradients, seeds from ${FIRST} (DESCENT_SEED)`, () => {
    const kinds = [...Object.values(ACTIVATIONS), (x: Tensor) => x.relu(), (x: Tensor) => x.sub(x.mean()).tanh()];
    let changed = 0;
    for (let seed = FIRST; seed < FIRST + 60; seed++) {
      const random = new HostRandom(seed);
      const given = Array.from({ length: 6 }, (_, i) => ops.placeholder(`p${i}`, [4, 4], "float32"));
      const [x, ...weights] = given.map((node) => new Tensor(node)) as [Tensor, ...Tensor[]];
      let value = x;
      for (const w of weights) {
        const next = kinds[random.integer(kinds.length)]!(value.matmul(random.integer(3) > 0 ? w : value.transpose()));
        value = random.integer(2) > 0 ? next : next.add(value);
      }
      const loss = value.square().sum();
      const penalty = random.integer(2) > 0 ? gradients(loss, [x])[0]!.square().sum() : 0;
      const before = simplify(gradients(loss.add(penalty), weights).map(({ node }) => node));
      const after = recompute(before, 0);
      verify(after);
      if (after.some((node, i) => node !== before[i])) changed++;
      const values = new Map(
        given.map((node) => [node, Float64Array.from({ length: 16 }, () => random.uniform() - 0.5)]),
      );
      expect(evaluate(after, values), `seed ${seed}`).toEqual(evaluate(before, values));
    }
    expect(changed).toBeGreaterThan(10);
  });
});
