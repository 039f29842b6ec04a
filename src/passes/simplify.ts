import { inScope, loopOf, type Node, ops, topologicalOrder, withInputs } from "../ir/index.ts";
import { product, sameShape } from "../util/index.ts";
import { joinPieces } from "./join-pieces.ts";

/** The value of a node all of whose elements are the same known number. */
export function splat(node: Node | undefined): number | undefined {
  return node?.op.family === "constant" ? (node.attributes.value as number) : undefined;
}

function isOp(node: Node | undefined, name: string): node is Node {
  return node?.op.name === name;
}

/** Constants in, constant out. Float results are rounded to float32, as any engine would store them. */
function foldConstants(node: Node): Node | undefined {
  if (node.inputs.length === 0 || !node.inputs.every((input) => splat(input) !== undefined)) return undefined;
  const { family, name } = node.op;
  if (family === "movement") {
    const fill = node.attributes.fill;
    const same = name !== "skew" && name !== "unskew" && (fill === undefined || fill === splat(node.inputs[0]));
    return same ? ops.constantLike(node, splat(node.inputs[0])!) : undefined;
  }
  if (family !== "elementwise") return undefined;
  const values = node.inputs.map((input) => Float64Array.of(splat(input)!));
  const value = node.op.evaluate(values, { ...node, shape: [] })[0]!;
  return ops.constantLike(node, node.dtype === "float32" ? Math.fround(value) : value);
}

function isPowerOfTwo(value: number): boolean {
  return value !== 0 && Number.isInteger(Math.log2(Math.abs(value)));
}

/** x to the power 0.5: the root, but for -infinity, whose power is infinity. */
function squareRoot(x: Node): Node {
  const [low, high] = [ops.constantLike(x, -Infinity), ops.constantLike(x, Infinity)];
  return ops.select(ops.eq(x, low), high, ops.sqrt(x));
}

/** Identities that hold exactly for every float, NaN and infinity included (up to the sign of zero). */
function simplifyArithmetic(node: Node): Node | undefined {
  const [a, b] = node.inputs as [Node, Node];
  switch (node.op.name) {
    case "add":
      if (splat(a) === 0) return b;
      if (splat(b) === 0) return a;
      if (isOp(b, "neg")) return ops.sub(a, b.inputs[0]!);
      if (isOp(a, "neg")) return ops.sub(b, a.inputs[0]!);
      return joinPieces(node);
    case "sub":
      if (splat(b) === 0) return a;
      return isOp(b, "neg") ? ops.add(a, b.inputs[0]!) : undefined;
    case "mul":
      if (splat(a) === 1) return b;
      if (splat(b) === 1) return a;
      if (splat(a) === -1) return ops.neg(b);
      return splat(b) === -1 ? ops.neg(a) : undefined;
    case "div": {
      const divisor = splat(b);
      if (divisor === 1) return a;
      // Exact where the divisor is a power of two whose reciprocal is one in float32.
      const exact = divisor !== undefined && isPowerOfTwo(divisor) && Number.isFinite(Math.fround(1 / divisor));
      return exact ? ops.mul(a, ops.constantLike(b, 1 / divisor)) : undefined;
    }
    case "neg":
      return isOp(a, "neg") ? a.inputs[0] : undefined;
    case "pow":
      if (splat(b) === 1) return a;
      if (splat(b) === 2) return ops.mul(a, a);
      return splat(b) === 0.5 ? squareRoot(a) : undefined;
    case "not":
      return isOp(a, "not") ? a.inputs[0] : undefined;
    case "select":
      return splat(a) === undefined ? undefined : node.inputs[splat(a) !== 0 ? 1 : 2];
    default:
      return undefined;
  }
}

/** Movements of movements become one; a slice of a concatenation that takes one piece becomes the piece. */
function simplifyMovement(node: Node): Node | undefined {
  const [x] = node.inputs as [Node];
  switch (node.op.name) {
    case "reshape":
      return isOp(x, "reshape") ? ops.reshape(x.inputs[0]!, node.shape) : undefined;
    case "permute": {
      if (!isOp(x, "permute")) return undefined;
      const inner = x.attributes.order as number[];
      return ops.permute(
        x.inputs[0]!,
        (node.attributes.order as number[]).map((axis) => inner[axis]!),
      );
    }
    case "broadcast":
      return isOp(x, "broadcast") ? ops.broadcast(x.inputs[0]!, node.shape) : undefined;
    case "slice":
      return isOp(x, "concat") ? pieceOf(x, node) : undefined;
    default:
      return undefined;
  }
}

function pieceOf(concat: Node, slice: Node): Node | undefined {
  const axis = concat.attributes.axis as number;
  const { starts, steps } = slice.attributes as { starts: number[]; steps: number[] };
  if (steps.some((step) => step !== 1)) return undefined;
  let before = 0;
  for (const piece of concat.inputs) {
    const size = piece.shape[axis]!;
    if (starts[axis]! >= before && starts[axis]! + slice.shape[axis]! <= before + size) {
      const inside = starts.map((start, i) => (i === axis ? start - before : start));
      return ops.slice(piece, { starts: inside, steps, shape: slice.shape });
    }
    before += size;
  }
  return undefined;
}

/** Reductions of single elements are those elements; of equal ones, a multiple. */
function simplifyReduction(node: Node): Node | undefined {
  const [x] = node.inputs as [Node];
  if (sameShape(x.shape, node.shape)) return node.op.name === "argmax" ? ops.constantLike(node, 0) : x;
  const value = splat(x);
  if (value === undefined || node.op.name !== "sum" || node.dtype !== "float32") return undefined;
  return ops.constantLike(node, Math.fround(value * (product(node.inputs[0]!.shape) / product(node.shape))));
}

const SOURCES = new Set(["constant", "placeholder", "data"]);

/** A value without elements is as good as a constant, and sums over nothing are 0. */
function simplifyEmpty(node: Node): Node | undefined {
  const { family, name } = node.op;
  if (product(node.shape) === 0) return SOURCES.has(family) ? undefined : ops.constantLike(node, 0);
  const folds = family === "reduce" || family === "contraction";
  const overNothing = folds && node.inputs.some(({ shape }) => product(shape) === 0);
  return overNothing ? ops.constantLike(node, name === "prod" ? 1 : 0) : undefined;
}

/** One step of simplification at a node whose inputs are already simple; undefined when there is nothing to do. */
function simplifyNode(node: Node): Node | undefined {
  if (node.op.family === "identity") return node.inputs[0];
  if (node.op.name === "scanEnd" && loopOf(node)!.length === 0) return node.inputs[node.attributes.carry as number];
  const folded = simplifyEmpty(node) ?? foldConstants(node);
  if (folded) return folded;
  switch (node.op.family) {
    case "elementwise":
      return simplifyArithmetic(node);
    case "movement":
      return simplifyMovement(node);
    case "reduce":
      return simplifyReduction(node);
    default:
      return undefined;
  }
}

/** A text equal for nodes that compute the same: op, inputs, attributes. Memory is told apart by identity. */
function keyOf(node: Node, dataNumber: (array: unknown) => number): string {
  const attributes = JSON.stringify(node.attributes, (_key, value) => {
    if (ArrayBuffer.isView(value)) return dataNumber(value);
    return typeof value === "number" && !Number.isFinite(value) ? String(value) : Object.is(value, -0) ? "-0" : value;
  });
  return `${node.op.name}(${node.inputs.map((input) => input.id)})${attributes}`;
}

/**
 * The same graph with identities removed, constants folded, movements merged and equal subexpressions shared. Placeholders stay the
 * very nodes they are.
 */
export function simplify(roots: readonly Node[]): Node[] {
  const shared = new Map<string, Node>();
  const arrays = new Map<unknown, number>();
  const dataNumber = (array: unknown): number => {
    if (!arrays.has(array)) arrays.set(array, arrays.size);
    return arrays.get(array)!;
  };
  const share = (node: Node): Node => {
    if (node.op.family === "placeholder") return node;
    const key = keyOf(node, dataNumber);
    const known = shared.get(key);
    if (known) return known;
    shared.set(key, node);
    return node;
  };
  return rewrite(roots, (node) => {
    let current = share(node);
    for (let next = simplifyNode(current); next !== undefined; next = simplifyNode(current)) current = share(next);
    return current;
  });
}

/** Rebuilds a graph from its sources: `change` is given each node with its inputs already changed, and says what takes its place. */
export function rewrite(roots: readonly Node[], change: (node: Node) => Node): Node[] {
  const changed = new Map<Node, Node>();
  for (const node of topologicalOrder(roots)) {
    const inputs = node.inputs.map((input) => changed.get(input)!);
    const same = inputs.every((input, i) => input === node.inputs[i]);
    changed.set(
      node,
      inScope(node.scope, () => change(same ? node : withInputs(node, inputs))),
    );
  }
  return roots.map((root) => changed.get(root)!);
}
