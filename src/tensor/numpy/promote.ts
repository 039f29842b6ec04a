import { type DType, isFloat, type Node, ops } from "../../ir/index.ts";
import { fail, formatShape, product, type Shape, show } from "../../util/index.ts";

/** NumPy's broadcasting: axes aligned at the end, size 1 stretches. */
export function broadcastShapes(a: Shape, b: Shape, operation: string): Shape {
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = a[a.length - i] ?? 1;
    const y = b[b.length - i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      fail(
        `${operation} got shapes ${formatShape(a)} and ${formatShape(b)}`,
        "shapes that are equal from the last axis backwards, or 1",
        "reshape, expandDims or transpose one of them",
      );
    }
    shape[rank - i] = x === 1 ? y : x;
  }
  return shape;
}

/** `x` stretched to `shape` by the rules of broadcasting. */
export function broadcastTo(x: Node, shape: Shape): Node {
  const missing = shape.length - x.shape.length;
  const fits = missing >= 0 && x.shape.every((size, axis) => size === 1 || size === shape[axis + missing]);
  if (!fits) fail(`cannot broadcast ${formatShape(x.shape)} to ${formatShape(shape)}`, "axes equal or of size 1");
  return ops.broadcast(ops.reshape(x, [...new Array<number>(missing).fill(1), ...x.shape]), shape);
}

/** float32 wins over integers, int32 over uint32, uint8 and bool; two of a kind stay. */
export function promoteTypes(a: DType, b: DType): DType {
  if (a === b) return a;
  if (isFloat(a) || isFloat(b)) return "float32";
  if (a === "int32" || b === "int32") return "int32";
  if (a === "uint32" || b === "uint32") return "uint32";
  return "int32";
}

/** Small types are computed in int32, as NumPy computes sums of them in its default integer. */
export function arithmeticType(dtype: DType): DType {
  return dtype === "uint8" || dtype === "bool" ? "int32" : dtype;
}

type Operand = Node | number;

/** A number beside a tensor takes the tensor's type, unless it has a fraction and the type has none. */
function literalType(value: number, beside: DType): DType {
  return isFloat(beside) || !Number.isInteger(value) ? "float32" : arithmeticType(beside);
}

/** The common type and shape of two operands; alone, numbers are float32. */
function common(a: Operand, b: Operand, operation: string): { dtype: DType; shape: Shape } {
  const own = (x: Operand, beside: Operand): DType => {
    if (typeof x !== "number") return x.dtype;
    return typeof beside === "number" ? "float32" : literalType(x, beside.dtype);
  };
  return { dtype: promoteTypes(own(a, b), own(b, a)), shape: broadcastShapes(shapeOf(a), shapeOf(b), operation) };
}

function shapeOf(x: Operand): Shape {
  return typeof x === "number" ? [] : x.shape;
}

/** An operand in a type and shape. Numbers become constants; what was a tensor keeps its place in the graph, even a constant one. */
function lift(x: Operand, dtype: DType, shape: Shape): Node {
  return typeof x === "number" ? ops.constant(x, shape, dtype) : broadcastTo(ops.cast(x, dtype), shape);
}

/** A binary op with NumPy's broadcasting and type promotion; `floats` computes integers as float32. */
export function binary(name: string, op: (a: Node, b: Node) => Node, floats = false) {
  return (a: Operand, b: Operand): Node => {
    const { dtype, shape } = common(a, b, name);
    const computed = floats ? "float32" : arithmeticType(dtype);
    return op(lift(a, computed, shape), lift(b, computed, shape));
  };
}

/** A comparison: the operands' common type, bool out. */
export function comparison(name: string, op: (a: Node, b: Node) => Node) {
  return (a: Operand, b: Operand): Node => {
    const { dtype, shape } = common(a, b, name);
    return op(lift(a, dtype, shape), lift(b, dtype, shape));
  };
}

/** A logical op over truth values (anything not 0). */
export function logical(name: string, op: (a: Node, b: Node) => Node) {
  return (a: Operand, b: Operand): Node => {
    const { shape } = common(a, b, name);
    return op(lift(a, "bool", shape), lift(b, "bool", shape));
  };
}

/** A function of numbers of either kind: small integers are computed as int32. */
export function numeric(op: (x: Node) => Node) {
  return (x: Node): Node => op(ops.cast(x, arithmeticType(x.dtype)));
}

/** A function of real numbers: integers are computed as float32. */
export function floating(op: (x: Node) => Node) {
  return (x: Node): Node => op(ops.cast(x, "float32"));
}

/** `condition ? a : b`, everything broadcast together. */
export function where(condition: Node, a: Operand, b: Operand): Node {
  const both = common(a, b, "where");
  const shape = broadcastShapes(condition.shape, both.shape, "where");
  const stored = arithmeticType(both.dtype);
  const chosen = ops.select(lift(condition, "bool", shape), lift(a, stored, shape), lift(b, stored, shape));
  return ops.cast(chosen, both.dtype);
}

/** An axis counted from the end when negative, checked. */
export function normalizeAxis(axis: number, rank: number, operation: string): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) {
    fail(`${operation} got axis ${axis} of a tensor with ${rank} axes`, `an integer from ${-rank} to ${rank - 1}`);
  }
  return positive;
}

/** A shape with at most one -1 worked out from the number of elements. */
export function completeShape(shape: Shape, size: number): Shape {
  if (!Array.isArray(shape)) fail(`reshape got ${show(shape)}`, "a list of sizes, such as [2, -1]");
  const open = shape.filter((each) => each === -1).length;
  const known = product(shape.filter((each) => each !== -1));
  const complete = shape.map((each) => (each === -1 ? size / Math.max(known, 1) : each));
  if (open > 1 || complete.some((each) => !Number.isInteger(each) || each < 0) || product(complete) !== size) {
    fail(
      `cannot reshape ${size} elements to ${formatShape(shape)}`,
      "sizes whose product is that number, at most one of them -1",
    );
  }
  return complete;
}
