import { DTYPES, type DType, type Node, ops, type TypedArray } from "../ir/index.ts";
import { fail, formatShape, product, type Shape } from "../util/index.ts";
import { checkDType, checkPermutation, checkShape } from "./checks.ts";
import { type Nested, toNested, toNode } from "./convert.ts";
import { evaluateNodes } from "./evaluate.ts";
import { formatValues } from "./format.ts";
import { leafOf } from "./history.ts";
import * as indexing from "./numpy/indexing.ts";
import * as products from "./numpy/products.ts";
import {
  binary,
  broadcastTo,
  comparison,
  completeShape,
  floating,
  logical,
  normalizeAxis,
  numeric,
  where,
} from "./numpy/promote.ts";
import type { ReduceOptions } from "./numpy/reductions.ts";
import * as reductions from "./numpy/reductions.ts";

/** What stands where a tensor is expected: a tensor, a number, nested arrays of numbers. */
export type TensorLike = Tensor | Nested;

const add = binary("add", ops.add);
const sub = binary("sub", ops.sub);
const mul = binary("mul", ops.mul);
const div = binary("div", ops.div, true);
const pow = binary("pow", ops.pow, true);
const rem = binary("mod", ops.rem);
const maximum = binary("maximum", ops.maximum);
const minimum = binary("minimum", ops.minimum);
const eq = comparison("equal", ops.eq);
const ne = comparison("notEqual", ops.ne);
const lt = comparison("less", ops.lt);
const le = comparison("lessEqual", ops.le);
const and = logical("logicalAnd", ops.and);
const or = logical("logicalOr", ops.or);

/** The node of an operand; plain numbers stay numbers, whose type depends on their partner. */
function operand(value: TensorLike): Node | number {
  return value instanceof Tensor ? value.node : typeof value === "number" ? value : toNode(value);
}

function nodeOf(value: TensorLike): Node {
  return value instanceof Tensor ? value.node : toNode(value);
}

/**
 * An n-dimensional array of numbers: lazy (it records how it is computed), immutable, never disposed of by hand. Its words are
 * NumPy's. Nothing is computed until `data()`, `array()` or `item()` is awaited; the values are then remembered.
 *
 * @example
 * const x = tensor([[1, 2], [3, 4], [5, 6]]);
 * const normalized = x.sub(x.mean({ axis: 0 })).div(x.std({ axis: 0 }));
 * console.log(await normalized.array());
 */
export class Tensor {
  private current: Node;
  /** How the values were computed, once they are known. */
  private origin: Node | undefined;

  /** For Descent's own layers; use {@link tensor} to make one. */
  constructor(node: Node) {
    this.current = node;
  }

  /** The value's place in the graph. Internal to the tensor layer. */
  get node(): Node {
    return this.current;
  }
  /** Its places in graphs made before and after its values were computed. Internal to the tensor layer. */
  get places(): readonly [Node, ...Node[]] {
    return this.origin ? [this.origin, this.current] : [this.current];
  }

  get shape(): Shape {
    return this.current.shape;
  }

  get dtype(): DType {
    return this.current.dtype;
  }

  /** Number of axes. */
  get rank(): number {
    return this.current.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return product(this.current.shape);
  }

  // Arithmetic, with broadcasting; integers divide and raise to float32.
  add(b: TensorLike): Tensor {
    return new Tensor(add(this.node, operand(b)));
  }
  sub(b: TensorLike): Tensor {
    return new Tensor(sub(this.node, operand(b)));
  }
  mul(b: TensorLike): Tensor {
    return new Tensor(mul(this.node, operand(b)));
  }
  div(b: TensorLike): Tensor {
    return new Tensor(div(this.node, operand(b)));
  }
  pow(b: TensorLike): Tensor {
    return b === 2 ? this.square() : new Tensor(pow(this.node, operand(b)));
  }
  /** Remainder with the divisor's sign, as NumPy's `%`. */
  mod(b: TensorLike): Tensor {
    const divisor = operand(b);
    const remainder = new Tensor(rem(this.node, divisor));
    const apart = remainder.less(0).notEqual(new Tensor(lt(divisor, 0)));
    return apart.logicalAnd(remainder.notEqual(0)).where(remainder.add(b), remainder);
  }
  maximum(b: TensorLike): Tensor {
    return new Tensor(maximum(this.node, operand(b)));
  }
  minimum(b: TensorLike): Tensor {
    return new Tensor(minimum(this.node, operand(b)));
  }
  /** Limits every element to [low, high]. */
  clip(low: number, high: number): Tensor {
    return this.maximum(low).minimum(high);
  }
  neg(): Tensor {
    return new Tensor(numeric(ops.neg)(this.node));
  }
  abs(): Tensor {
    return new Tensor(numeric(ops.abs)(this.node));
  }
  sign(): Tensor {
    return new Tensor(floating(ops.sign)(this.node));
  }
  square(): Tensor {
    return this.mul(this);
  }
  reciprocal(): Tensor {
    return new Tensor(div(1, this.node));
  }

  // Functions of real numbers; integers become float32.
  exp(): Tensor {
    return new Tensor(floating(ops.exp)(this.node));
  }
  expm1(): Tensor {
    return new Tensor(floating(ops.expm1)(this.node));
  }
  log(): Tensor {
    return new Tensor(floating(ops.log)(this.node));
  }
  log1p(): Tensor {
    return new Tensor(floating(ops.log1p)(this.node));
  }
  sqrt(): Tensor {
    return new Tensor(floating(ops.sqrt)(this.node));
  }
  rsqrt(): Tensor {
    return this.sqrt().reciprocal();
  }
  sin(): Tensor {
    return new Tensor(floating(ops.sin)(this.node));
  }
  cos(): Tensor {
    return new Tensor(floating(ops.cos)(this.node));
  }
  tanh(): Tensor {
    return new Tensor(floating(ops.tanh)(this.node));
  }
  sigmoid(): Tensor {
    return new Tensor(floating(ops.sigmoid)(this.node));
  }
  erf(): Tensor {
    return new Tensor(floating(ops.erf)(this.node));
  }
  relu(): Tensor {
    return new Tensor(floating(ops.relu)(this.node));
  }
  /** log(1 + exp(x)), without overflow. */
  softplus(): Tensor {
    // -|x| with a slope of 1 at 0, where that of abs is 0: the derivatives at 0 are 1/2, 1/4, ...
    const x = this.cast("float32");
    const negative = x.greater(0).where(x.neg(), x);
    return x.relu().add(negative.exp().log1p());
  }
  floor(): Tensor {
    return new Tensor(floating(ops.floor)(this.node));
  }
  ceil(): Tensor {
    return new Tensor(floating(ops.ceil)(this.node));
  }
  /** To the nearest integer, ties to even. */
  round(): Tensor {
    return new Tensor(floating(ops.round)(this.node));
  }

  // Comparisons and logic, giving bool.
  equal(b: TensorLike): Tensor {
    return new Tensor(eq(this.node, operand(b)));
  }
  notEqual(b: TensorLike): Tensor {
    return new Tensor(ne(this.node, operand(b)));
  }
  less(b: TensorLike): Tensor {
    return new Tensor(lt(this.node, operand(b)));
  }
  lessEqual(b: TensorLike): Tensor {
    return new Tensor(le(this.node, operand(b)));
  }
  greater(b: TensorLike): Tensor {
    return new Tensor(lt(operand(b), this.node));
  }
  greaterEqual(b: TensorLike): Tensor {
    return new Tensor(le(operand(b), this.node));
  }
  logicalAnd(b: TensorLike): Tensor {
    return new Tensor(and(this.node, operand(b)));
  }
  logicalOr(b: TensorLike): Tensor {
    return new Tensor(or(this.node, operand(b)));
  }
  logicalNot(): Tensor {
    return new Tensor(ops.not(ops.cast(this.node, "bool")));
  }
  isNaN(): Tensor {
    return this.notEqual(this);
  }
  isFinite(): Tensor {
    return this.abs().less(Infinity);
  }
  /** `this ? a : b` element by element. */
  where(a: TensorLike, b: TensorLike): Tensor {
    return new Tensor(where(this.node, operand(a), operand(b)));
  }
  cast(dtype: DType): Tensor {
    checkDType(dtype);
    return new Tensor(ops.cast(this.node, dtype));
  }

  // Reductions over `axis` (all axes when left out); the axes go unless `keepdims`.
  sum(options?: ReduceOptions): Tensor {
    return new Tensor(reductions.sum(this.node, options));
  }
  mean(options?: ReduceOptions): Tensor {
    return new Tensor(reductions.mean(this.node, options));
  }
  max(options?: ReduceOptions): Tensor {
    return new Tensor(reductions.max(this.node, options));
  }
  min(options?: ReduceOptions): Tensor {
    return new Tensor(reductions.min(this.node, options));
  }
  prod(options?: ReduceOptions): Tensor {
    return new Tensor(reductions.prod(this.node, options));
  }
  /** Variance; divided by count - ddof, ddof 0 by default as NumPy. */
  var(options?: ReduceOptions & { readonly ddof?: number }): Tensor {
    return new Tensor(reductions.variance(this.node, options));
  }
  /** Standard deviation; see `var`. */
  std(options?: ReduceOptions & { readonly ddof?: number }): Tensor {
    return this.var(options).sqrt();
  }
  any(options?: ReduceOptions): Tensor {
    return new Tensor(reductions.any(this.node, options));
  }
  all(options?: ReduceOptions): Tensor {
    return new Tensor(reductions.all(this.node, options));
  }
  /** Index (int32) of the greatest element, the first of equals; without axis, in the flattened tensor. */
  argmax(options?: { readonly axis?: number; readonly keepdims?: boolean }): Tensor {
    return new Tensor(reductions.argmax(this.node, options));
  }
  /** Index (int32) of the smallest element, the first of equals. */
  argmin(options?: { readonly axis?: number; readonly keepdims?: boolean }): Tensor {
    return new Tensor(reductions.argmin(this.node, options));
  }
  logSumExp(options?: ReduceOptions): Tensor {
    return new Tensor(reductions.logSumExp(this.node, options));
  }
  softmax(options?: { readonly axis?: number }): Tensor {
    return new Tensor(reductions.softmax(this.node, options));
  }
  logSoftmax(options?: { readonly axis?: number }): Tensor {
    return new Tensor(reductions.logSoftmax(this.node, options));
  }

  // Shape and place.
  /** The same elements in row-major order; one size may be -1. */
  reshape(shape: Shape): Tensor {
    return new Tensor(ops.reshape(this.node, completeShape(shape, this.size)));
  }
  flatten(): Tensor {
    return this.reshape([-1]);
  }
  /** Axis i of the result is axis axes[i]; without axes the order is reversed. */
  transpose(axes?: readonly number[]): Tensor {
    const order = axes?.map((axis) => normalizeAxis(axis, this.rank, "transpose"));
    if (order) checkPermutation("transpose", order, this.shape);
    return new Tensor(ops.permute(this.node, order ?? this.shape.map((_, axis) => this.rank - 1 - axis)));
  }
  get T(): Tensor {
    return this.transpose();
  }
  /** A new axis of size 1 at `axis`. */
  expandDims(axis: number): Tensor {
    const at = normalizeAxis(axis, this.rank + 1, "expandDims");
    return this.reshape([...this.shape.slice(0, at), 1, ...this.shape.slice(at)]);
  }
  /** Drops `axis` of size 1, or all such axes. */
  squeeze(axis?: number): Tensor {
    const at = axis === undefined ? undefined : normalizeAxis(axis, this.rank, "squeeze");
    if (at !== undefined && this.shape[at] !== 1) {
      fail(`squeeze got axis ${axis} of a tensor of shape ${formatShape(this.shape)}`, "an axis of size 1");
    }
    return this.reshape(this.shape.filter((size, i) => (at === undefined ? size !== 1 : i !== at)));
  }
  broadcastTo(shape: Shape): Tensor {
    checkShape("broadcastTo", shape);
    return new Tensor(broadcastTo(this.node, shape));
  }
  /** NumPy's basic indexing, a range per axis: index, [start, stop?, step?] or null for all. */
  slice(...ranges: indexing.Range[]): Tensor {
    return new Tensor(indexing.slice(this.node, ranges));
  }
  flip(axis: number): Tensor {
    return new Tensor(indexing.flip(this.node, axis));
  }
  /** Surrounds by `value`: [before, after] per axis. */
  pad(widths: readonly (readonly [number, number])[], value = 0): Tensor {
    return new Tensor(indexing.pad(this.node, widths, value));
  }
  /** Entries along `axis` by number; a number outside of the axis reads 0. */
  take(indices: TensorLike, options?: { readonly axis?: number }): Tensor {
    return new Tensor(indexing.take(this.node, nodeOf(indices), options));
  }
  /** Class numbers to rows of 0 and 1: [..] -> [.., depth] float32. */
  oneHot(depth: number): Tensor {
    return new Tensor(indexing.oneHot(this.node, depth));
  }

  /** Matrix product of the last two axes, the others broadcast (NumPy's matmul). */
  matmul(b: TensorLike): Tensor {
    return new Tensor(products.matmul(this.node, nodeOf(b)));
  }
  /** The same as `matmul`. */
  dot(b: TensorLike): Tensor {
    return this.matmul(b);
  }

  /** True once the values are in memory. */
  get known(): boolean {
    return this.current.op.family === "data";
  }
  /** The values when they are in memory, without waiting; else undefined. Do not write into the array. */
  get knownData(): TypedArray | undefined {
    return this.known ? (this.current.attributes.data as TypedArray) : undefined;
  }
  /** Takes computed values as this tensor's: what is made of it from then on sees a constant. Internal to the tensor layer. */
  remember(values: TypedArray): void {
    this.origin = this.current;
    this.current = leafOf(this.current, values);
  }

  /** The values, row-major. Do not write into the array: the tensor keeps it. */
  async data(): Promise<TypedArray> {
    if (!this.known) {
      const [values] = await evaluateNodes([this.current]);
      this.remember(values!);
    }
    return this.current.attributes.data as TypedArray;
  }
  /** The values as nested arrays; a number for a scalar. */
  async array(): Promise<Nested> {
    return toNested(await this.data(), this.shape);
  }
  /** The value of a tensor with one element. */
  async item(): Promise<number> {
    if (this.size !== 1) {
      fail(`item() of a tensor of shape ${formatShape(this.shape)}`, "one element", "use data() or array()");
    }
    return (await this.data())[0]!;
  }

  toString(): string {
    const values = this.known
      ? formatValues(this.current.attributes.data as TypedArray, this.shape)
      : " not computed yet";
    return `Tensor ${this.dtype} ${formatShape(this.shape)}${values}`;
  }
  /** What Node's console shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  /** Bytes of the values. */
  get bytes(): number {
    return this.size * DTYPES[this.dtype].bytes;
  }
}
