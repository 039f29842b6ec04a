import { describe, expect, it } from "vitest";
import { ops, topologicalOrder } from "../../src/ir/index.ts";
import {
  arange,
  averagePool,
  concatenate,
  conv,
  convTranspose,
  einsum,
  grad,
  gradCheck,
  gradients,
  maxPool,
  ones,
  scatterAdd,
  stack,
  stopGradient,
  Tensor,
  tensor,
  valueAndGrad,
  where,
  zeros,
} from "../../src/tensor/index.ts";
import { HostRandom, product } from "../../src/util/index.ts";

const random = new HostRandom(12);
/** Numbers without ties, away from 0 and other kinks. */
const draw = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from(random.shuffle([...Array(product(shape)).keys()]), (i) => (i - product(shape) / 2 + 0.3) / 7),
    { shape },
  );
/** Numbers from 0.2 to 2. */
const positive = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: product(shape) }, () => 0.2 + 1.8 * random.uniform()),
    { shape },
  );

/** Every composition of the tensor layer, checked by differences to second order. */
const CHECKS: readonly (readonly [string, (...x: Tensor[]) => Tensor, Tensor[]])[] = [
  ["broadcast arithmetic", (a, b) => a.mul(b).sub(a).div(b.square().add(1)), [draw(3, 1), draw(1, 4)]],
  ["powers", (a, b) => a.pow(b), [positive(3), draw(3)]],
  ["powers that are whole", (a) => a.pow(3).add(a.pow(2)), [draw(4)]],
  ["roots", (a) => a.sqrt().add(a.rsqrt()).add(a.reciprocal()), [positive(4)]],
  ["softplus, also at 0", (a) => a.softplus(), [tensor([-3, 0, 0.5, 20])]],
  ["clip", (a) => a.clip(-0.4, 0.4).mul(a), [draw(6)]],
  ["mod", (a, b) => a.mod(b), [positive(4), tensor([2.5, 3.5, 4.5, -5.5])]],
  ["where", (a, b) => where(a.greater(0), a.square(), b.exp()), [draw(5), draw(5)]],
  ["mean and variance", (a) => a.var({ axis: 0, ddof: 1 }).add(a.mean({ axis: 0 })), [draw(4, 3)]],
  ["standard deviation", (a) => a.std({ axis: 1, keepdims: true }).mul(a), [draw(2, 4)]],
  ["max and min", (a) => a.max({ axis: 1 }).mul(a.min({ axis: 1 })), [draw(3, 4)]],
  ["product", (a) => a.prod({ axis: 0 }), [draw(3, 2)]],
  ["log-sum-exp", (a) => a.logSumExp({ axis: [0, 1] }), [draw(2, 3, 2)]],
  ["softmax", (a) => a.softmax({ axis: 0 }), [draw(3, 2)]],
  ["log-softmax", (a) => a.logSoftmax(), [draw(2, 3)]],
  ["reshape, transpose, flip", (a) => a.reshape([3, 4]).T.flip(0).mul(arange(3)), [draw(2, 6)]],
  [
    "slice and pad",
    (a) =>
      a
        .slice([null, null, -2], [1, 3])
        .pad(
          [
            [1, 0],
            [0, 2],
          ],
          5,
        )
        .square(),
    [draw(4, 4)],
  ],
  ["expand, squeeze, broadcast", (a) => a.broadcastTo([3, 2, 4]).mul(a.squeeze(1).expandDims(1)), [draw(3, 1, 4)]],
  ["take and scatterAdd", (a) => scatterAdd([2, 0, 2], a.take([1, 1, 0]).square(), 3), [draw(3, 2)]],
  [
    "take along another axis",
    (a) =>
      a
        .take(
          [
            [0, 2],
            [1, 1],
          ],
          { axis: 1 },
        )
        .exp(),
    [draw(2, 3)],
  ],
  [
    "concatenate and stack",
    (a, b) => stack([concatenate([a, b]), concatenate([b, a])], { axis: 1 }).square(),
    [draw(2), draw(2)],
  ],
  ["matmul of vectors and matrices", (a, b) => a.matmul(b).matmul(b), [draw(3), draw(3, 3)]],
  ["matmul of broadcast batches", (a, b) => a.matmul(b).tanh(), [draw(2, 1, 2, 3), draw(2, 3, 2)]],
  ["einsum of three", (a, b, c) => einsum("bij,jk,bk->ik", a, b, c).tanh(), [draw(2, 2, 3), draw(3, 2), draw(2, 2)]],
  ["einsum of a diagonal", (a, b) => einsum("iij,k->kj", a, b).square(), [draw(3, 3, 2), draw(2)]],
  [
    "convolution",
    (x, w) => conv(x, w, { strides: 2, padding: "same", groups: 2 }).square(),
    [draw(1, 5, 4, 2), draw(3, 2, 1, 2)],
  ],
  [
    "causal convolution",
    (x, w) => conv(x, w, { padding: "causal", dilation: 2 }).tanh(),
    [draw(1, 6, 2), draw(2, 2, 2)],
  ],
  [
    "transposed convolution",
    (x, w) =>
      convTranspose(x, w, {
        strides: [2, 1],
        dilation: [1, 2],
        groups: 2,
        padding: [
          [0, 1],
          [1, 0],
        ],
      }).tanh(),
    [draw(1, 2, 3, 4), draw(3, 2, 1, 4)],
  ],
  [
    "convolution of volumes",
    (x, w) => conv(x, w, { strides: [1, 2, 1], padding: "same" }).square(),
    [draw(1, 2, 3, 2, 2), draw(2, 2, 1, 2, 2)],
  ],
  [
    "transposed convolution of volumes",
    (x, w) => convTranspose(x, w, { strides: 2, outputPadding: [1, 0, 1] }).square(),
    [draw(1, 1, 2, 1, 2), draw(2, 1, 2, 1, 2)],
  ],
  ["max pooling", (x) => maxPool(x, { size: 2, strides: 1, padding: "same" }).square(), [draw(1, 3, 4, 1)]],
  [
    "average pooling",
    (x) => averagePool(x, { size: [3, 2], strides: 2, padding: "same" }).square(),
    [draw(1, 5, 4, 1)],
  ],
];

describe("gradCheck passes", () => {
  it.each(CHECKS)("%s", async (_name, f, inputs) => {
    for (const each of inputs) await each.data();
    const { passed, worst, detail } = await gradCheck(f, inputs, { order: 2 });
    expect(passed, detail).toBe(true);
    expect(worst).toBeLessThan(1e-5);
  });
});

describe("gradCheck fails", () => {
  const wrongPath = (x: Tensor, path: Tensor) => new Tensor(ops.redirectGradient(x.node, path.node));

  it.each<[string, (x: Tensor) => Tensor]>([
    ["a gradient that is twice too large", (x) => wrongPath(x.square(), x.square().mul(2))],
    ["a gradient that is off by a thousandth", (x) => wrongPath(x.exp(), x.exp().mul(1.001))],
    ["a gradient that is missing", (x) => x.mul(stopGradient(x))],
    ["a gradient that is wrong in one element", (x) => wrongPath(x.square(), x.square().mul([1, 1, 1.1]))],
    ["a gradient of the wrong sign", (x) => wrongPath(x.sum(), x.sum().neg())],
  ])("%s", async (_name, f) => {
    const { passed, worst, detail } = await gradCheck(f, [tensor([0.5, -1, 2])]);
    expect(passed).toBe(false);
    expect(worst).toBeGreaterThan(1e-5);
    expect(detail).toMatch(/^order 1, input 0, element \d: gradient \S+, difference quotient \S+$/);
  });

  it("a second derivative that is wrong where the first is right", async () => {
    // The slope 2 x is right; but its path holds x still, so that its own slope is 0.
    const f = (x: Tensor) => wrongPath(x.square(), x.mul(2).mul(stopGradient(x)));
    expect((await gradCheck(f, [tensor([0.5, -1])])).passed).toBe(true);
    const { passed, detail } = await gradCheck(f, [tensor([0.5, -1])], { order: 2 });
    expect(passed).toBe(false);
    expect(detail).toMatch(/^order 2/);
  });

  it("names NaN a failure", async () => {
    expect((await gradCheck((x) => x.sub(1).sqrt(), [tensor([0.5])])).passed).toBe(false);
  });

  it("takes integers along unchecked, and says so when nothing is to be checked", async () => {
    const indices = tensor(Int32Array.of(1, 0));
    expect((await gradCheck((x, i) => x.take(i).square(), [tensor([1, 2]), indices])).passed).toBe(true);
  });
});

describe("grad and its kin", () => {
  it("differentiate by one argument", async () => {
    const f = (x: Tensor, y: Tensor) => x.mul(y).sum();
    expect(await grad(f)(tensor([1, 2]), tensor([3, 4])).array()).toEqual([3, 4]);
    expect(await grad(f, 1)(tensor([1, 2]), tensor([3, 4])).array()).toEqual([1, 2]);
  });

  it("give value and gradient at once", async () => {
    const [value, slope] = valueAndGrad((x: Tensor) => x.pow(3).sum())(tensor([1, 2]));
    expect([await value.item(), await slope.array()]).toEqual([9, [3, 12]]);
  });

  it("keep the form of arrays and records", async () => {
    const parameters = {
      dense: { kernel: tensor([[1, 2]]), bias: tensor([0.5, 0.5]) },
      scales: [tensor(2), tensor(3)] as const,
    };
    const loss = (p: typeof parameters, x: Tensor) =>
      x.matmul(p.dense.kernel).add(p.dense.bias).mul(p.scales[0]).sum().add(p.scales[1].square().sum());
    const slopes = grad(loss)(parameters, tensor([[3], [4]]));
    expect(await slopes.dense.kernel.array()).toEqual([[14, 14]]);
    expect(await slopes.dense.bias.array()).toEqual([4, 4]);
    expect(await Promise.all(slopes.scales.map((each) => each.item()))).toEqual([23, 6]);
  });

  it("count what is reached by other ways as constant", async () => {
    const x = tensor([1, 2]);
    expect(await grad((y: Tensor) => y.mul(x).sum())(x).array()).toEqual([1, 2]);
    expect(await grad((y: Tensor) => x.sum().add(y.sum().mul(0)))(x).array()).toEqual([0, 0]);
  });

  it("nest: the second derivative, the Hessian times a vector", async () => {
    const cube = (x: Tensor) => x.pow(3).sum();
    const second = grad((x: Tensor) => grad(cube)(x).sum());
    expect(await second(tensor([1, 2])).array()).toEqual([6, 12]);
    const quartic = (x: Tensor) => x.square().sum().square();
    const times = (x: Tensor, v: Tensor) => grad((y: Tensor) => grad(quartic)(y).mul(v).sum())(x);
    // H = 8 x x' + 4 |x|^2 I
    expect(await times(tensor([1, 2]), tensor([1, 0])).array()).toEqual([28, 16]);
  });

  it("gradients of one loss by several tensors, zeros for those that play no part", async () => {
    const [a, b, c] = [tensor([1, 2]), tensor(3), tensor([[7]])];
    const slopes = gradients(a.mul(b).sum(), [a, b, c]);
    expect(await Promise.all(slopes.map((each) => each.array()))).toEqual([[3, 3], 3, [[0]]]);
  });

  it("constants are variables too: numbers, zeros and ones made by hand", async () => {
    const [x, w, b, scale] = [
      tensor([
        [1, 2],
        [3, 4],
      ]),
      zeros([2]),
      tensor(0),
      ones([1]),
    ];
    const loss = x.mul(w).add(b).add(scale.mul(2)).maximum(scale).sum();
    const slopes = gradients(loss, [w, b, scale]);
    expect(await Promise.all(slopes.map((each) => each.array()))).toEqual([[4, 6], 4, [8]]);
    const chosen = gradients(where([true, false], b, scale).sum(), [b, scale]);
    expect(await Promise.all(chosen.map((each) => each.array()))).toEqual([1, [1]]);
  });

  it("a loss that is no scalar counts as its sum", async () => {
    const x = tensor([1, 2]);
    expect(await gradients(x.square(), [x])[0]!.array()).toEqual([2, 4]);
  });

  it("do not mind that the loss, or what it is differentiated by, has been looked at", async () => {
    const [w, x] = [tensor([1, 2]).mul(1), tensor([3, 4])];
    const loss = w.mul(x).square().sum();
    expect(await loss.item()).toBe(9 + 64);
    expect(await gradients(loss, [w])[0]!.array()).toEqual([18, 64]);
    await w.data();
    expect(await gradients(loss, [w])[0]!.array()).toEqual([18, 64]);
    // What was looked at is a constant in what is made of it.
    expect(await gradients(loss.add(w.sum()), [w])[0]!.array()).toEqual([1, 1]);
    const both = w.mul(x);
    expect(await gradients(both.mul(w).sum(), [w, both])[0]!.array()).toEqual([6, 16]);
  });

  it("count all of a loss made partly before and partly after a tensor was looked at", async () => {
    const [w, x] = [tensor([1, 2]).mul(1), tensor([3, 4])];
    const before = w.mul(x);
    await w.data();
    expect(await gradients(before.add(w.square()), [w])[0]!.array()).toEqual([5, 8]);
  });

  it("refuse a loss that is cut off from what it is differentiated by", async () => {
    const w = tensor([1, 2]);
    const y = w.mul(3);
    await y.data();
    expect(() => gradients(y.sum(), [w])).toThrow(
      "gradients of a loss by tensor 0, on which it does not depend: part of the loss is made of values computed before. " +
        "Expected a loss made of tensors whose values were not asked for yet. " +
        "Fix: call gradients before data(), array() or item(), or use grad().",
    );
    // What was computed before w was made can't depend on it.
    const x = tensor([1, 2]).mul(2);
    await x.data();
    const unused = tensor([5]);
    expect(await gradients(x.sum(), [unused])[0]!.array()).toEqual([0]);
    expect(await grad((v: Tensor) => y.sum().add(v.sum().mul(0)))(w).array()).toEqual([0, 0]);
  });

  it("let go of what values were computed from: a loop that looks at each step keeps one step", async () => {
    let w = tensor([1, 2]);
    for (let step = 0; step < 50; step++) {
      const [slope] = gradients(w.square().sum(), [w]);
      w = w.sub(slope!.mul(0.1));
      await w.data();
    }
    expect(topologicalOrder([w.places[0]]).length).toBeLessThan(20);
    expect((await w.data())[1]).toBeCloseTo(2 * 0.8 ** 50, 6);
  });
});
