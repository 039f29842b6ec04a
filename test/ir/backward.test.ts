import { describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/index.ts";
import { type Node, ops, print, topologicalOrder, verify, withScope } from "../../src/ir/index.ts";
import { evaluated } from "./numeric.ts";

const vector = (name: string, size = 3) => ops.placeholder(name, [size], "float32");
const slope = (output: Node, x: Node) => backward(output, [x])[0]!;

describe("the backward walk", () => {
  it("starts from ones, or from the seed it is given", () => {
    const x = vector("x");
    const y = ops.mul(x, ops.constantLike(x, 3));
    expect(evaluated(slope(y, x), [[x, [1, 2, 3]]])).toEqual([3, 3, 3]);
    const seed = vector("seed");
    const [seeded] = backward(y, [x], seed);
    expect(
      evaluated(seeded!, [
        [x, [1, 2, 3]],
        [seed, [1, 10, 100]],
      ]),
    ).toEqual([3, 30, 300]);
  });

  it("gives ones for the output itself and zeros for what it does not depend on", () => {
    const [x, other] = [vector("x"), ops.placeholder("other", [2, 2], "float32")];
    const y = ops.exp(x);
    const [own, none, zero] = backward(y, [y, other, ops.constant(4)]);
    expect(evaluated(own!)).toEqual([1, 1, 1]);
    expect([none!.shape, evaluated(none!)]).toEqual([
      [2, 2],
      [0, 0, 0, 0],
    ]);
    expect(evaluated(zero!)).toEqual([0]);
  });

  it("adds up over all uses of a shared value", () => {
    const x = vector("x");
    const shared = ops.mul(x, x);
    const y = ops.add(ops.mul(shared, x), ops.add(shared, shared)); // x^3 + 2 x^2
    expect(evaluated(slope(y, x), [[x, [1, 2, -1]]])).toEqual([7, 20, -1]);
    expect(evaluated(slope(y, shared), [[x, [1, 2, -1]]])).toEqual([3, 4, 1]); // x + 2
  });

  it("takes the same node given twice as an input twice", () => {
    const x = vector("x");
    expect(evaluated(slope(ops.mul(x, x), x), [[x, [1, 2, 3]]])).toEqual([2, 4, 6]);
    expect(evaluated(slope(ops.concat([x, x], 0), x), [[x, [1, 2, 3]]])).toEqual([2, 2, 2]);
    expect(evaluated(slope(ops.sub(x, x), x), [[x, [1, 2, 3]]])).toEqual([0, 0, 0]);
  });

  it("visits each node once, however many paths lead there", () => {
    const x = vector("x");
    let y: Node = x;
    for (let i = 0; i < 200; i++) y = ops.add(y, y); // 2^200 paths
    const gradient = slope(y, x);
    expect(evaluated(gradient, [[x, [1, 1, 1]]])).toEqual(new Array(3).fill(2 ** 200));
    expect(topologicalOrder([gradient]).length).toBeLessThan(1000);
  });

  it("survives deep graphs", () => {
    const x = vector("x", 1);
    let y: Node = x;
    for (let i = 0; i < 20_000; i++) y = ops.add(y, ops.constantLike(y, 1));
    expect(evaluated(slope(y, x), [[x, [0]]])).toEqual([1]);
  });

  it("stops at stopGradient", () => {
    const x = vector("x");
    const y = ops.mul(x, ops.stopGradient(ops.mul(x, x)));
    expect(evaluated(slope(y, x), [[x, [1, 2, 3]]])).toEqual([1, 4, 9]);
    expect(evaluated(slope(ops.stopGradient(x), x))).toEqual([0, 0, 0]);
  });

  it("stops at integers and at steps", () => {
    const x = vector("x");
    const through = ops.cast(ops.cast(x, "int32"), "float32");
    for (const flat of [through, ops.floor(x), ops.sign(x), ops.cast(ops.lt(x, ops.constantLike(x, 0)), "float32")]) {
      expect(evaluated(slope(flat, x))).toEqual([0, 0, 0]);
    }
    const chosen = ops.select(ops.lt(x, ops.constantLike(x, 2)), ops.mul(x, x), x);
    expect(evaluated(slope(chosen, x), [[x, [1, 2, 3]]])).toEqual([2, 1, 1]);
  });

  it("follows the path of redirectGradient, and the value's own is left alone", () => {
    const x = vector("x");
    const y = ops.redirectGradient(ops.round(x), ops.mul(x, ops.constantLike(x, 5)));
    expect(evaluated(y, [[x, [0.4, 1.6, -2.2]]])).toEqual([0, 2, -2]);
    expect(evaluated(slope(y, x), [[x, [0.4, 1.6, -2.2]]])).toEqual([5, 5, 5]);
  });

  it("takes identity nodes as variables of their own", () => {
    const x = vector("x");
    const own = ops.identity(x);
    const y = ops.mul(own, x);
    expect(evaluated(slope(y, own), [[x, [1, 2, 3]]])).toEqual([1, 2, 3]);
    expect(evaluated(slope(y, x), [[x, [1, 2, 3]]])).toEqual([2, 4, 6]);
  });

  it("puts gradients under the scope of what they belong to", () => {
    const x = vector("x");
    const hidden = withScope("model", () => withScope("dense_1", () => ops.tanh(x)));
    const output = withScope("loss", () => ops.mul(hidden, hidden));
    const order = topologicalOrder([slope(output, x)]);
    const namesIn = (path: string) => order.filter(({ scope }) => scope === path).map(({ op }) => op.name);
    expect(namesIn("model/dense_1")).toEqual(["tanh"]);
    expect(namesIn("model/dense_1/gradient")).toEqual(["constant", "mul", "sub", "mul"]);
  });

  it("refuses to start from integers or from a seed of another shape", () => {
    const x = vector("x");
    expect(() => backward(ops.cast(x, "int32"), [x])).toThrow("starts from a float");
    expect(() => backward(x, [x], ops.constant(1, [2]))).toThrow("of the seed's shape");
  });

  it("gives a graph that verifies and stays small", () => {
    const x = vector("x");
    const gradient = slope(ops.sigmoid(x), x);
    verify([gradient]);
    expect(print([gradient])).toMatchInlineSnapshot(`
      "%0 = constant(value=1, shape=[3], dtype="float32") : float32 [3]
      %1 = placeholder(name="x", shape=[3], dtype="float32") : float32 [3]
      %2 = sigmoid(%1) : float32 [3]
      %3 = neg(%1) : float32 [3]  # gradient
      %4 = sigmoid(%3) : float32 [3]  # gradient
      %5 = mul(%2, %4) : float32 [3]  # gradient
      %6 = mul(%0, %5) : float32 [3]  # gradient
      return %6"
    `);
  });
});

describe("higher orders", () => {
  const points = [-2, -0.7, 0, 0.3, 1.5];
  /** The n-th derivative of f, element by element. */
  const derivative = (f: (x: Node) => Node, order: number): number[] => {
    const x = vector("x", points.length);
    let y = f(x);
    for (let i = 0; i < order; i++) y = slope(y, x);
    verify([y]);
    return evaluated(y, [[x, points]]);
  };

  const tanhs = points.map(Math.tanh);
  const gauss = points.map((x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x));
  const sigmoids = points.map((x) => 1 / (1 + Math.exp(-x)));
  it.each([
    ["tanh''", ops.tanh, 2, tanhs.map((t) => -2 * t * (1 - t * t))],
    ["tanh'''", ops.tanh, 3, tanhs.map((t) => (1 - t * t) * (6 * t * t - 2))],
    ["tanh''''", ops.tanh, 4, tanhs.map((t) => (1 - t * t) * (16 * t - 24 * t ** 3))],
    ["sin'''", ops.sin, 3, points.map((x) => -Math.cos(x))],
    ["exp^(5)", ops.exp, 5, points.map(Math.exp)],
    ["erf''", ops.erf, 2, points.map((x, i) => -2 * x * gauss[i]!)],
    ["erf'''", ops.erf, 3, points.map((x, i) => (4 * x * x - 2) * gauss[i]!)],
    ["sigmoid''", ops.sigmoid, 2, sigmoids.map((s) => s * (1 - s) * (1 - 2 * s))],
    ["sigmoid'''", ops.sigmoid, 3, sigmoids.map((s) => s * (1 - s) * (1 - 6 * s + 6 * s * s))],
    ["relu''", ops.relu, 2, points.map(() => 0)],
    ["x^5'''", (x: Node) => ops.mul(ops.mul(ops.mul(x, x), ops.mul(x, x)), x), 3, points.map((x) => 60 * x * x)],
  ] as const)("%s has its closed form", (_name, f, order, expected) => {
    derivative(f, order).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 10));
  });

  it("mixed: d/dw of (d/dx (w . x^2))^2 summed", () => {
    const [x, w] = [vector("x"), vector("w")];
    const inner = slope(ops.mul(w, ops.mul(x, x)), x); // 2 w x
    const outer = slope(ops.mul(inner, inner), w); // 8 w x^2
    expect(
      evaluated(outer, [
        [x, [1, 2, 3]],
        [w, [1, -1, 0.5]],
      ]),
    ).toEqual([8, -32, 36]);
  });

  it("through a matrix product and a convolution: Hessians times vectors", () => {
    const x = ops.placeholder("x", [2, 2], "float32");
    // sum of X X: gradient G_ij = row sum of X_j. + column sum of X_.i, whose own gradient along v is the same with V in X's place.
    const gradient = slope(ops.matmul(x, x), x);
    expect(evaluated(gradient, [[x, [1, 2, 3, 4]]])).toEqual([7, 11, 9, 13]);
    const image = ops.placeholder("image", [1, 3, 1], "float32");
    const geometry = { strides: [1], dilation: [1], padding: [[0, 0]] as const, groups: 1 };
    const y = ops.conv(
      image,
      ops.reshape(ops.slice(image, { starts: [0, 0, 0], steps: [1, 1, 1], shape: [1, 2, 1] }), [2, 1, 1]),
      geometry,
    );
    // y = (a a + b b, b a + c b): gradient of the sum (2 a + b, 2 b + a + c, b); of that sum again (3, 4, 1).
    const first = slope(y, image);
    expect(evaluated(first, [[image, [1, 2, 5]]])).toEqual([4, 10, 2]);
    expect(evaluated(slope(first, image), [[image, [1, 2, 5]]])).toEqual([3, 4, 1]);
  });
});
