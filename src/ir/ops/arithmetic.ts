import { isFloat } from "../dtype.ts";
import { apply, type ElementwiseOp, type Named, type Node } from "../op.ts";
import { scalar } from "../scalar/expression.ts";
import { elementwise, mapElements } from "./elementwise.ts";

export const addOp = elementwise({
  name: "add",
  arity: 2,
  signature: "numeric",
  meaning: (a, b) => a + b,
  lower: ([a, b]) => scalar.add(a!, b!),
  gradient: ({ grad }) => [grad, grad],
});

export const add = (a: Node, b: Node): Node => apply(addOp, [a, b]);

export const subOp = elementwise({
  name: "sub",
  arity: 2,
  signature: "numeric",
  meaning: (a, b) => a - b,
  lower: ([a, b]) => scalar.sub(a!, b!),
  gradient: ({ grad }) => [grad, neg(grad)],
});

export const sub = (a: Node, b: Node): Node => apply(subOp, [a, b]);

export const mulOp: Named<ElementwiseOp, "mul"> = {
  ...elementwise({
    name: "mul",
    arity: 2,
    signature: "numeric",
    meaning: (a, b) => a * b,
    lower: ([a, b]) => scalar.mul(a!, b!),
    gradient: ({ inputs: [a, b], grad }) => [mul(grad, b!), mul(grad, a!)],
  }),
  evaluate: (inputs, node) => mapElements(inputs, node.dtype, isFloat(node.dtype) ? (a, b) => a * b : Math.imul),
};

export const mul = (a: Node, b: Node): Node => apply(mulOp, [a, b]);

export const divOp = elementwise({
  name: "div",
  arity: 2,
  signature: "float",
  meaning: (a, b) => a / b,
  lower: ([a, b]) => scalar.div(a!, b!),
  gradient: ({ node, inputs: [, b], grad }) => [div(grad, b!), neg(div(mul(grad, node), b!))],
  domain: [{ range: [-2, 2] }, { range: [0.5, 2] }],
});

export const div = (a: Node, b: Node): Node => apply(divOp, [a, b]);

export const negOp = elementwise({
  name: "neg",
  arity: 1,
  signature: "numeric",
  meaning: (a) => -a,
  lower: ([a]) => scalar.neg(a!),
  gradient: ({ grad }) => [neg(grad)],
});

export const neg = (a: Node): Node => apply(negOp, [a]);

export const ARITHMETIC_OPS = [addOp, subOp, mulOp, divOp, negOp] as const;
