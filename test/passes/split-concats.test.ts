import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/engines/reference/index.ts";
import { type Node, ops, topologicalOrder, verify } from "../../src/ir/index.ts";
import { splitConcats } from "../../src/passes/index.ts";
import { HostRandom, product } from "../../src/util/index.ts";
import fc from "../tools/properties.ts";

const flat = (node: Node) => ops.reshape(node, [product(node.shape)]);
const f32 = (name: string, shape: readonly number[]) => ops.placeholder(name, shape, "float32");

/** Gradients of weights of some sizes side by side, a product among them, and how a state follows from them. */
function updates() {
  const [a, b] = [f32("a", [600, 3]), f32("b", [3, 200])];
  const small = [f32("first", [70]), f32("second", [60])];
  const large = f32("large", [300, 100]);
  const [state, rate] = [f32("state", [150_130]), f32("rate", [1])];
  const gradient = ops.concat([flat(ops.matmul(a, b)), small[0]!, flat(large), small[1]!], 0);
  const spread = ops.broadcast(rate, [150_130]);
  const slot = ops.add(ops.mul(state, ops.constantLike(state, 0.5)), gradient);
  const next = ops.sub(state, ops.mul(spread, ops.div(slot, ops.add(ops.sqrt(ops.mul(slot, slot)), spread))));
  return { inputs: [a, b, ...small, large, state, rate], gradient, slot, next };
}

function valuesOf(inputs: readonly Node[]): Map<Node, Float64Array> {
  const random = new HostRandom(3);
  return new Map(
    inputs.map((node) => [node, Float64Array.from({ length: product(node.shape) }, () => random.uniform() + 0.5)]),
  );
}

const concatsOf = (roots: readonly Node[]) => topologicalOrder(roots).filter(({ op }) => op.name === "concat");

describe("what is computed from a large concatenation", () => {
  it("becomes a concatenation of what is computed from its parts, with the same values", () => {
    const { inputs, slot, next } = updates();
    const after = splitConcats([slot, next]);
    verify(after);
    const given = valuesOf(inputs);
    expect(evaluate(after, given)).toEqual(evaluate([slot, next], given));
    for (const root of after) expect(root.op.name).toBe("concat");
    // The product's rows in parts; what is small goes with what lies before it.
    expect(after[0]!.inputs.map(({ shape }) => shape[0])).toEqual([40_000, 40_000, 40_070, 30_060]);
  });

  it("keeps every element, whatever the sizes of products and pieces are", () => {
    const sizes = fc.record({
      rows: fc.integer({ min: 1, max: 700 }),
      columns: fc.integer({ min: 1, max: 700 }),
      others: fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 4 }),
      place: fc.nat(),
    });
    fc.assert(
      fc.property(sizes, ({ rows, columns, others, place }) => {
        const product = flat(ops.matmul(f32("a", [rows, 2]), f32("b", [2, columns])));
        const pieces = others.map((size, i) => f32(`c${i}`, [size]));
        pieces.splice(place % (pieces.length + 1), 0, product);
        const next = ops.neg(ops.concat(pieces, 0));
        const [after] = splitConcats([next]);
        expect(after!.shape).toEqual(next.shape);
      }),
      { examples: [[{ rows: 64, columns: 4096, others: [4096, 262_144], place: 0 }]] },
    );
  });

  it("stays whole where the whole is asked for by something else", () => {
    const { gradient, slot, next } = updates();
    for (const whole of [gradient, ops.sum(gradient, [0]), ops.sum(slot, [0]), ops.reshape(next, [10, 15_013])]) {
      const roots = [slot, next, whole];
      expect(splitConcats(roots)).toEqual(roots);
    }
  });

  it("stays whole where it is small", () => {
    const pieces = [f32("a", [100]), f32("b", [50])];
    const next = ops.neg(ops.concat(pieces, 0));
    expect(splitConcats([next])).toEqual([next]);
    expect(concatsOf([next])).toHaveLength(1);
  });
});
