import { apply, type Node } from "../op.ts";
import { scalar } from "../scalar/expression.ts";
import * as functions from "../scalar/index.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { elementwise } from "./elementwise.ts";
import { eq, lt, select } from "./selection.ts";
import { constantLike } from "./sources.ts";

const positive = { range: [0.1, 4] } as const;

/** One minus `x`. */
const complement = (x: Node): Node => sub(constantLike(x, 1), x);

export const expOp = elementwise({
  name: "exp",
  arity: 1,
  signature: "float",
  meaning: Math.exp,
  lower: ([x]) => functions.exp(x!),
  gradient: ({ node, grad }) => [mul(grad, node)],
});
export const exp = (x: Node): Node => apply(expOp, [x]);

export const expm1Op = elementwise({
  name: "expm1",
  arity: 1,
  signature: "float",
  meaning: Math.expm1,
  lower: ([x]) => functions.expm1(x!),
  gradient: ({ node, grad }) => [mul(grad, add(node, constantLike(node, 1)))],
});
export const expm1 = (x: Node): Node => apply(expm1Op, [x]);

export const logOp = elementwise({
  name: "log",
  arity: 1,
  signature: "float",
  meaning: Math.log,
  lower: ([x]) => functions.log(x!),
  gradient: ({ inputs: [x], grad }) => [div(grad, x!)],
  domain: positive,
});
export const log = (x: Node): Node => apply(logOp, [x]);

export const log1pOp = elementwise({
  name: "log1p",
  arity: 1,
  signature: "float",
  meaning: Math.log1p,
  lower: ([x]) => functions.log1p(x!),
  gradient: ({ inputs: [x], grad }) => [div(grad, add(x!, constantLike(x!, 1)))],
  domain: { range: [-0.8, 4] },
});
export const log1p = (x: Node): Node => apply(log1pOp, [x]);

export const sqrtOp = elementwise({
  name: "sqrt",
  arity: 1,
  signature: "float",
  meaning: Math.sqrt,
  lower: ([x]) => scalar.sqrt(x!),
  gradient: ({ node, grad }) => [div(mul(grad, constantLike(node, 0.5)), node)],
  domain: positive,
});
export const sqrt = (x: Node): Node => apply(sqrtOp, [x]);

/** 1 / (1 + exp(-x)), without overflow. Its slope s(x) s(-x) keeps its digits where s(x) is near 1, unlike s (1 - s). */
export const sigmoidOp = elementwise({
  name: "sigmoid",
  arity: 1,
  signature: "float",
  meaning: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  lower: ([x]) => functions.sigmoid(x!),
  gradient: ({ node, inputs: [x], grad }) => [mul(grad, mul(node, sigmoid(neg(x!))))],
});
export const sigmoid = (x: Node): Node => apply(sigmoidOp, [x]);

export const tanhOp = elementwise({
  name: "tanh",
  arity: 1,
  signature: "float",
  meaning: Math.tanh,
  lower: ([x]) => functions.tanh(x!),
  gradient: ({ node, grad }) => [mul(grad, complement(mul(node, node)))],
});
export const tanh = (x: Node): Node => apply(tanhOp, [x]);

/** erf by its Maclaurin series below 3, by the continued fraction of erfc (Lentz's order, from the bottom) above. */
function erfMeaning(x: number): number {
  const magnitude = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (magnitude > 6) return Math.sign(x);
  if (magnitude < 3) {
    let term = x;
    let total = x;
    for (let n = 1; n < 100 && Math.abs(term) > 1e-18 * Math.abs(total); n++) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (magnitude + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (magnitude + fraction)));
}

export const erfOp = elementwise({
  name: "erf",
  arity: 1,
  signature: "float",
  meaning: erfMeaning,
  lower: ([x]) => functions.erf(x!),
  gradient: ({ inputs: [x], grad }) => [
    mul(grad, mul(constantLike(x!, 2 / Math.sqrt(Math.PI)), exp(neg(mul(x!, x!))))),
  ],
});
export const erf = (x: Node): Node => apply(erfOp, [x]);

export const sinOp = elementwise({
  name: "sin",
  arity: 1,
  signature: "float",
  meaning: Math.sin,
  lower: ([x]) => functions.sin(x!),
  gradient: ({ inputs: [x], grad }) => [mul(grad, cos(x!))],
});
export const sin = (x: Node): Node => apply(sinOp, [x]);

export const cosOp = elementwise({
  name: "cos",
  arity: 1,
  signature: "float",
  meaning: Math.cos,
  lower: ([x]) => functions.cos(x!),
  gradient: ({ inputs: [x], grad }) => [neg(mul(grad, sin(x!)))],
});
export const cos = (x: Node): Node => apply(cosOp, [x]);

/** x to the power y; the exponent's gradient is taken as 0 where x is not positive, as PyTorch does at 0. */
export const powOp = elementwise({
  name: "pow",
  arity: 2,
  signature: "float",
  // IEEE 754: 1 to any power is 1, and so is -1 to an infinite one; JavaScript has NaN there.
  meaning: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y),
  lower: ([x, y]) => functions.pow(x!, y!),
  gradient: ({ node, inputs, grad }) => {
    const [x, y] = inputs as [Node, Node];
    const zero = constantLike(x, 0);
    const one = constantLike(x, 1);
    const slope = mul(y, pow(x, sub(y, one)));
    const logarithm = log(select(lt(zero, x), x, one));
    return [mul(grad, select(eq(y, zero), zero, slope)), mul(grad, mul(node, logarithm))];
  },
  domain: [{ range: [0.2, 3] }, { range: [-2, 2] }],
});
export const pow = (x: Node, y: Node): Node => apply(powOp, [x, y]);

/** x where positive, 0 elsewhere; its gradient at 0 is 0 (PyTorch, TensorFlow). NaN stays NaN. */
export const reluOp = elementwise({
  name: "relu",
  arity: 1,
  signature: "float",
  meaning: (x) => Math.max(0, x),
  lower: ([x]) => functions.relu(x!),
  gradient: ({ node, grad }) => [select(lt(constantLike(node, 0), node), grad, constantLike(grad, 0))],
  domain: { avoid: [0] },
});
export const relu = (x: Node): Node => apply(reluOp, [x]);

/** The share of the gradient that goes to `winner` in max(winner, other): half at a tie, as in PyTorch and JAX. */
function share(wins: Node, tie: Node, grad: Node): Node {
  const zero = constantLike(grad, 0);
  return select(wins, grad, select(tie, mul(grad, constantLike(grad, 0.5)), zero));
}

export const maximumOp = elementwise({
  name: "maximum",
  arity: 2,
  signature: "numeric",
  meaning: Math.max,
  lower: ([a, b]) => functions.maximum(a!, b!),
  gradient: ({ inputs, grad }) => {
    const [a, b] = inputs as [Node, Node];
    return [share(lt(b, a), eq(a, b), grad), share(lt(a, b), eq(a, b), grad)];
  },
});
export const maximum = (a: Node, b: Node): Node => apply(maximumOp, [a, b]);

export const minimumOp = elementwise({
  name: "minimum",
  arity: 2,
  signature: "numeric",
  meaning: Math.min,
  lower: ([a, b]) => functions.minimum(a!, b!),
  gradient: ({ inputs, grad }) => {
    const [a, b] = inputs as [Node, Node];
    return [share(lt(a, b), eq(a, b), grad), share(lt(b, a), eq(a, b), grad)];
  },
});
export const minimum = (a: Node, b: Node): Node => apply(minimumOp, [a, b]);

export const signOp = elementwise({
  name: "sign",
  arity: 1,
  signature: "float",
  meaning: Math.sign,
  lower: ([x]) => functions.sign(x!),
  gradient: null,
});
export const sign = (x: Node): Node => apply(signOp, [x]);

export const absOp = elementwise({
  name: "abs",
  arity: 1,
  signature: "numeric",
  meaning: Math.abs,
  lower: ([x]) => (x!.type === "u32" ? x! : scalar.abs(x!)),
  gradient: ({ inputs: [x], grad }) => [mul(grad, sign(x!))],
  domain: { avoid: [0] },
});
export const abs = (x: Node): Node => apply(absOp, [x]);

export const floorOp = elementwise({
  name: "floor",
  arity: 1,
  signature: "float",
  meaning: Math.floor,
  lower: ([x]) => scalar.floor(x!),
  gradient: null,
  domain: { range: [-9, 9] },
});
export const floor = (x: Node): Node => apply(floorOp, [x]);

export const ceilOp = elementwise({
  name: "ceil",
  arity: 1,
  signature: "float",
  meaning: Math.ceil,
  lower: ([x]) => scalar.ceil(x!),
  gradient: null,
  domain: { range: [-9, 9] },
});
export const ceil = (x: Node): Node => apply(ceilOp, [x]);

/** To the nearest integer, ties to even (IEEE 754, NumPy). */
export const roundOp = elementwise({
  name: "round",
  arity: 1,
  signature: "float",
  meaning: (x) => {
    const down = Math.floor(x);
    if (x - down !== 0.5) return Math.round(x);
    return down % 2 === 0 ? down : down + 1;
  },
  lower: ([x]) => scalar.nearest(x!),
  gradient: null,
  domain: { range: [-9, 9] },
});
export const round = (x: Node): Node => apply(roundOp, [x]);

/** Remainder with the sign of the dividend (C's fmod); for integers x % 0 is 0. */
export const remOp = elementwise({
  name: "rem",
  arity: 2,
  signature: "numeric",
  meaning: (a, b) => a % b,
  lower: ([a, b]) => scalar.rem(a!, b!),
  gradient: ({ inputs, grad }) => {
    const [a, b] = inputs as [Node, Node];
    const quotient = div(sub(a, rem(a, b)), b);
    return [grad, neg(mul(grad, quotient))];
  },
  domain: [{ range: [0.1, 0.9] }, { range: [1, 2] }],
});
export const rem = (a: Node, b: Node): Node => apply(remOp, [a, b]);

export const FUNCTION_OPS = [
  expOp,
  expm1Op,
  logOp,
  log1pOp,
  sqrtOp,
  sigmoidOp,
  tanhOp,
  erfOp,
  sinOp,
  cosOp,
  powOp,
  reluOp,
  maximumOp,
  minimumOp,
  signOp,
  absOp,
  floorOp,
  ceilOp,
  roundOp,
  remOp,
] as const;
