import type { Node, OpName } from "../../ir/index.ts";
import { invariant } from "../../util/index.ts";
import type { Helper } from "./helpers.ts";

/** Asks for a helper, and gives its name. */
export type Use = (helper: Helper) => string;

type Expression = (operands: readonly string[], node: Node, use: Use) => string;

/** `text` as the dtype holds it: integers wrap around. */
function held(text: string, { dtype }: Node): string {
  if (dtype === "int32") return `((${text}) | 0)`;
  return dtype === "uint32" ? `((${text}) >>> 0)` : `(${text})`;
}

const infix =
  (operator: string): Expression =>
  ([a, b], node) =>
    held(`${a} ${operator} ${b}`, node);
const call =
  (name: string): Expression =>
  (operands) =>
    `${name}(${operands.join(", ")})`;
const helped =
  (helper: Helper): Expression =>
  (operands, _, use) =>
    `${use(helper)}(${operands.join(", ")})`;
const compared =
  (operator: string): Expression =>
  ([a, b]) =>
    `(${a} ${operator} ${b} ? 1 : 0)`;

const cast: Expression = ([x], node, use) => {
  const from = node.inputs[0]!.dtype;
  switch (node.dtype) {
    case "float32":
      return x!;
    case "bool":
      return `(${x} !== 0 ? 1 : 0)`;
    case "int32":
      return from === "float32" ? `${use("whole")}(${x}, -2147483648, 2147483647)` : `(${x} | 0)`;
    case "uint32":
      return from === "float32" ? `${use("whole")}(${x}, 0, 4294967295)` : `(${x} >>> 0)`;
    case "uint8":
      return from === "float32" ? `${use("whole")}(${x}, 0, 255)` : `(${x} & 255)`;
  }
};

const EXPRESSIONS = {
  add: infix("+"),
  sub: infix("-"),
  mul: ([a, b], node) => (node.dtype === "float32" ? `(${a} * ${b})` : held(`Math.imul(${a}, ${b})`, node)),
  div: infix("/"),
  neg: ([x], node) => held(`-${x}`, node),
  exp: call("Math.exp"),
  expm1: call("Math.expm1"),
  log: call("Math.log"),
  log1p: call("Math.log1p"),
  sqrt: call("Math.sqrt"),
  sigmoid: helped("sigmoid"),
  tanh: call("Math.tanh"),
  erf: helped("erf"),
  sin: call("Math.sin"),
  cos: call("Math.cos"),
  pow: helped("pow"),
  relu: ([x]) => `Math.max(0, ${x})`,
  maximum: call("Math.max"),
  minimum: call("Math.min"),
  sign: call("Math.sign"),
  abs: ([x], node) => held(`Math.abs(${x})`, node),
  floor: call("Math.floor"),
  ceil: call("Math.ceil"),
  round: helped("round"),
  rem: infix("%"), // NaN | 0 is 0
  eq: compared("==="),
  ne: compared("!=="),
  lt: compared("<"),
  le: compared("<="),
  and: ([a, b]) => `(${a} & ${b})`,
  or: ([a, b]) => `(${a} | ${b})`,
  not: ([x]) => `(1 - ${x})`,
  select: ([condition, a, b]) => `(${condition} ? ${a} : ${b})`,
  cast,
} as const satisfies Partial<Record<OpName, Expression>>;

/** What an elementwise op makes of its operands. */
export function expressionOf(node: Node, operands: readonly string[], use: Use): string {
  const known: Readonly<Record<string, Expression>> = EXPRESSIONS;
  const expression = known[node.op.name];
  invariant(expression, `there is no JavaScript for ${node.op.name}`);
  return expression(operands, node, use);
}
