import type { Node } from "../ir/index.ts";
import { splat } from "./simplify.ts";

/** What is known of all elements of a value: the number that they are, their sign, or whose elements they are (a text). */
export type Known = number | "positive" | "not negative" | `of ${string}` | undefined;

const isPositive = (known: Known): boolean => known === "positive" || (typeof known === "number" && known > 0);
const isSigned = (known: Known): boolean => isPositive(known) || known === "not negative" || known === 0;

/** What elements of a placeholder, from one on, are called. */
export function elementsOf({ id }: Node, start: number): Known {
  return `of ${id} from ${start}`;
}

/**
 * Tells what is known of values when all of `zeros` are 0, everything else is finite, and the sign of a zero does not matter: enough
 * to see which rules leave a parameter and its memory as they are where the gradient is 0.
 */
export function atRest(zeros: ReadonlySet<Node>): (node: Node) => Known {
  const memo = new Map<Node, Known>();
  const known = (node: Node): Known => {
    if (zeros.has(node)) return 0;
    if (!memo.has(node)) memo.set(node, find(node));
    return memo.get(node);
  };
  const find = (node: Node): Known => {
    const { op, inputs, attributes } = node;
    const [x] = inputs as [Node];
    if (op.family === "constant") return splat(node);
    if (op.family === "placeholder") return elementsOf(node, 0);
    if (op.name === "reshape" || op.name === "broadcast") return known(x);
    if (op.name === "slice" && node.shape.length === 1 && x.op.family === "placeholder") {
      const { starts, steps } = attributes as { starts: number[]; steps: number[] };
      return steps[0] === 1 ? elementsOf(x, starts[0]!) : undefined;
    }
    return op.family === "elementwise" ? result(node, inputs.map(known)) : undefined;
  };
  return known;
}

function result(node: Node, inputs: readonly Known[]): Known {
  const [a, b, c] = inputs;
  if (inputs.every((each) => typeof each === "number")) {
    const values = inputs.map((each) => Float64Array.of(each));
    return node.op.evaluate(values, { ...node, shape: [] })[0];
  }
  switch (node.op.name) {
    case "add":
      if (a === 0) return b;
      if (b === 0) return a;
      if (!isSigned(a) || !isSigned(b)) return undefined;
      return isPositive(a) || isPositive(b) ? "positive" : "not negative";
    case "sub":
      return b === 0 ? a : undefined;
    case "mul":
      if (a === 0 || b === 0) return 0;
      return (isSigned(a) && isSigned(b)) || node.inputs[0] === node.inputs[1] ? "not negative" : undefined;
    case "div":
      return a === 0 && isPositive(b) ? 0 : undefined;
    case "sqrt":
      return isPositive(a) ? "positive" : "not negative";
    case "abs":
    case "exp":
      return "not negative";
    case "maximum":
      if (isPositive(a) || isPositive(b)) return "positive";
      return isSigned(a) || isSigned(b) ? "not negative" : undefined;
    case "select":
      if (typeof a === "number") return a === 0 ? c : b;
      return b === c ? b : undefined;
    default:
      return undefined;
  }
}
