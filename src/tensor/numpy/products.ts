import { type Node, ops } from "../../ir/index.ts";
import { fail, formatShape, show, unknownName } from "../../util/index.ts";
import { checkNamed } from "../checks.ts";
import { broadcastShapes, broadcastTo } from "./promote.ts";

/** NumPy's matmul: vectors are rows or columns as needed, leading axes broadcast. */
export function matmul(a: Node, b: Node): Node {
  const [x, y] = [ops.cast(a, "float32"), ops.cast(b, "float32")];
  const inner = y.shape.length === 1 ? y.shape[0] : y.shape.at(-2);
  if (x.shape.length === 0 || y.shape.length === 0 || x.shape.at(-1) !== inner) {
    fail(
      `matmul got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      "the last axis of the first to equal the second to last of the second",
      "transpose or reshape one of them",
    );
  }
  const left = x.shape.length === 1 ? ops.reshape(x, [1, x.shape[0]!]) : x;
  const right = y.shape.length === 1 ? ops.reshape(y, [y.shape[0]!, 1]) : y;
  const product = matrices(left, right);
  const shape = [...product.shape];
  if (y.shape.length === 1) shape.pop();
  if (x.shape.length === 1) shape.splice(y.shape.length === 1 ? -1 : -2, 1);
  return ops.reshape(product, shape);
}

/** [.., M, K] x [.., K, N], the leading axes broadcast; when only the first has leading axes they are rows: one product instead of many. */
function matrices(a: Node, b: Node): Node {
  if (b.shape.length === 2 && a.shape.length > 2) {
    const rows = ops.reshape(a, [a.shape.slice(0, -1).reduce((x, y) => x * y, 1), a.shape.at(-1)!]);
    return ops.reshape(ops.matmul(rows, b), [...a.shape.slice(0, -1), b.shape[1]!]);
  }
  const what = `matmul of ${formatShape(a.shape)} and ${formatShape(b.shape)}: their leading axes`;
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), what);
  return ops.matmul(broadcastTo(a, [...batch, ...a.shape.slice(-2)]), broadcastTo(b, [...batch, ...b.shape.slice(-2)]));
}

/** "valid": no padding. "same": as many positions as ceil(size / stride), extra padding at the end. "causal": all padding before. */
export type Padding = "valid" | "same" | "causal" | readonly (readonly [number, number])[];

const CONV_PADDING = ["valid", "same", "causal"] as const;
const POOL_PADDING = ["valid", "same"] as const;

export interface ConvOptions {
  /** Step of the window, one number or one per spatial axis (default 1). */
  readonly strides?: number | readonly number[];
  /** Distance of neighbouring kernel elements (default 1). */
  readonly dilation?: number | readonly number[];
  /** Default "valid". */
  readonly padding?: Padding;
  /** Number of independent channel groups (default 1). */
  readonly groups?: number;
}

function perAxis(value: number | readonly number[] | undefined, rank: number, name: string): readonly number[] {
  const list = typeof value === "object" ? value : new Array<number>(rank).fill(value ?? 1);
  if (list.length !== rank || list.some((each) => !Number.isInteger(each) || each < 1)) {
    fail(`${name} is ${JSON.stringify(value)}`, `a positive integer, or ${rank} of them`);
  }
  return list;
}

function isPadding(widths: readonly number[]): boolean {
  return Array.isArray(widths) && widths.length === 2 && widths.every((width) => Number.isInteger(width) && width >= 0);
}

/** Explicit [before, after] of each axis. TensorFlow's rule for "same". */
function resolvePadding(
  padding: Padding,
  sizes: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilation: readonly number[],
  names: readonly string[],
): readonly (readonly [number, number])[] {
  if (typeof padding !== "string") {
    const right = Array.isArray(padding) && padding.length === sizes.length && padding.every(isPadding);
    if (!right)
      fail(`padding is ${show(padding)}`, `[before, after] from 0 for each of ${sizes.length} axes, or a name`);
    return padding;
  }
  if (!names.includes(padding)) unknownName("padding", padding, names);
  return sizes.map((size, i) => {
    const span = (kernel[i]! - 1) * dilation[i]! + 1;
    if (padding === "valid") return [0, 0];
    if (padding === "causal") return [span - 1, 0];
    const total = Math.max(0, (Math.ceil(size / strides[i]!) - 1) * strides[i]! + span - size);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  });
}

/** Convolution, channels last: x [N, ..spatial, C], w [..kernel, C / groups, F] -> [N, ..positions, F]. */
export function conv(x: Node, w: Node, options: ConvOptions = {}): Node {
  checkNamed("conv", options, ["strides", "dilation", "padding", "groups"]);
  const rank = x.shape.length - 2;
  const groups = options.groups ?? 1;
  if (
    rank < 1 ||
    w.shape.length !== rank + 2 ||
    x.shape.at(-1) !== w.shape[rank]! * groups ||
    w.shape.at(-1)! % groups !== 0
  ) {
    fail(
      `conv got input ${formatShape(x.shape)} and kernel ${formatShape(w.shape)} in ${groups} groups`,
      "[batch, ..sizes, channels] and [..kernel, channels / groups, filters], filters divisible by groups",
    );
  }
  const strides = perAxis(options.strides, rank, "strides");
  const dilation = perAxis(options.dilation, rank, "dilation");
  const sizes = x.shape.slice(1, -1);
  const padding = resolvePadding(options.padding ?? "valid", sizes, w.shape, strides, dilation, CONV_PADDING);
  strides.forEach((stride, i) => {
    if (ops.windowCount(sizes[i]!, w.shape[i]!, stride, dilation[i]!, padding[i]!) < 1) {
      fail(
        `a kernel of ${formatShape(w.shape.slice(0, rank))} does not fit into ${formatShape(sizes)}`,
        "a larger input",
        'use padding "same" or a smaller kernel',
      );
    }
  });
  return ops.conv(ops.cast(x, "float32"), ops.cast(w, "float32"), { strides, dilation, padding, groups });
}

export interface ConvTransposeOptions {
  /** Distance of neighbouring windows, one number or one per spatial axis (default 1). */
  readonly strides?: number | readonly number[];
  /** Distance of neighbouring kernel elements (default 1). */
  readonly dilation?: number | readonly number[];
  /** What is cut off, [before, after] per spatial axis; default: nothing. */
  readonly padding?: readonly (readonly [number, number])[];
  /** What is added behind per spatial axis, less than the stride; default 0. */
  readonly outputPadding?: readonly number[];
  /** Number of independent channel groups (default 1). */
  readonly groups?: number;
}

/** The convolution's adjoint, channels last: x [N, ..positions, F], w [..kernel, C / groups, F] -> [N, ..sizes, C]. */
export function convTranspose(x: Node, w: Node, options: ConvTransposeOptions = {}): Node {
  checkNamed("convTranspose", options, ["strides", "dilation", "padding", "outputPadding", "groups"]);
  const rank = x.shape.length - 2;
  const groups = options.groups ?? 1;
  if (rank < 1 || w.shape.length !== rank + 2 || x.shape.at(-1) !== w.shape.at(-1) || w.shape.at(-1)! % groups !== 0) {
    fail(
      `convTranspose got input ${formatShape(x.shape)} and kernel ${formatShape(w.shape)} in ${groups} groups`,
      "[batch, ..positions, filters] and [..kernel, channels / groups, filters], filters divisible by groups",
    );
  }
  const strides = perAxis(options.strides, rank, "strides");
  const dilation = perAxis(options.dilation, rank, "dilation");
  const none = strides.map(() => [0, 0] as const);
  const padding = resolvePadding(options.padding ?? none, strides, w.shape, strides, dilation, []);
  const more = options.outputPadding ?? strides.map(() => 0);
  if (more.length !== rank || more.some((each, i) => !Number.isInteger(each) || each < 0 || each >= strides[i]!)) {
    fail(`outputPadding is ${show(more)}`, `${rank} whole numbers from 0, each less than its stride ${show(strides)}`);
  }
  const sizes = strides.map((stride, i) => {
    const span = (w.shape[i]! - 1) * dilation[i]! + 1;
    return (x.shape[i + 1]! - 1) * stride + span - padding[i]![0] - padding[i]![1] + more[i]!;
  });
  if (sizes.some((size) => size < 1)) fail(`convTranspose cuts ${formatShape(sizes)} off`, "less padding");
  const geometry = { strides, dilation, padding, groups };
  const shape = [x.shape[0]!, ...sizes, w.shape[rank]! * groups];
  return ops.convInput(ops.cast(x, "float32"), ops.cast(w, "float32"), shape, geometry);
}

export interface PoolOptions {
  /** Size of the window, one number or one per spatial axis. */
  readonly size: number | readonly number[];
  /** Step of the window (default: its size). */
  readonly strides?: number | readonly number[];
  /** Default "valid". */
  readonly padding?: "valid" | "same";
}

/** x [N, ..spatial, C] as [N, ..positions, window elements, C]; padded by `fill`. */
function poolingWindows(x: Node, options: PoolOptions, fill: number): Node {
  checkNamed("pooling", options, ["size", "strides", "padding"]);
  const rank = x.shape.length - 2;
  if (rank < 1) fail(`pooling got ${formatShape(x.shape)}`, "[batch, ..sizes, channels]");
  const size = perAxis(options.size, rank, "size");
  const strides = perAxis(options.strides ?? options.size, rank, "strides");
  const sizes = x.shape.slice(1, -1);
  const ones = new Array<number>(rank).fill(1);
  const padding = resolvePadding(options.padding ?? "valid", sizes, size, strides, ones, POOL_PADDING);
  if (size.some((each, i) => each > sizes[i]! + padding[i]![0] + padding[i]![1])) {
    fail(
      `a window of ${formatShape(size)} does not fit into ${formatShape(sizes)}`,
      "a larger input",
      'use padding "same" or a smaller window',
    );
  }
  const whole = [[0, 0], ...padding, [0, 0]] as const;
  let view = ops.embed(x, {
    starts: whole.map(([before]) => before),
    steps: whole.map(() => 1),
    shape: x.shape.map((each, axis) => each + whole[axis]![0] + whole[axis]![1]),
    fill,
  });
  // [N, H, W, C] -> [N, O, K, W, C] -> [N, O, K, P, L, C], then window offsets next to each other: [N, O, P, K, L, C].
  for (let i = rank - 1; i >= 0; i--) view = ops.windows(view, i + 1, size[i]!, strides[i]!);
  const spatial = ones.map((_, i) => i);
  return ops.permute(view, [0, ...spatial.map((i) => 1 + 2 * i), ...spatial.map((i) => 2 + 2 * i), 1 + 2 * rank]);
}

/** Greatest element of each window; its gradient goes to the first of equals (PyTorch). */
export function maxPool(x: Node, options: PoolOptions): Node {
  const windows = poolingWindows(ops.cast(x, "float32"), options, -Infinity);
  const rank = x.shape.length - 2;
  const axes = Array.from({ length: rank }, (_, i) => 1 + rank + i);
  const winner = ops.argmax(ops.stopGradient(windows), axes);
  const picked = ops.eq(windowPosition(windows, axes), ops.broadcast(winner, windows.shape));
  const path = ops.sum(ops.select(picked, windows, ops.constantLike(windows, 0)), axes);
  const value = ops.redirectGradient(ops.max(windows, axes), path);
  return squeezeAxes(value, axes);
}

/** Mean of each window's elements that lie inside the input (Keras; PyTorch with count_include_pad=False). */
export function averagePool(x: Node, options: PoolOptions): Node {
  const values = ops.cast(x, "float32");
  const windows = poolingWindows(values, options, 0);
  const rank = x.shape.length - 2;
  const axes = Array.from({ length: rank }, (_, i) => 1 + rank + i);
  const total = ops.sum(windows, axes);
  if (options.padding !== "same") {
    const count = axes.reduce((elements, axis) => elements * windows.shape[axis]!, 1);
    return squeezeAxes(ops.mul(total, ops.constantLike(total, 1 / count)), axes);
  }
  const one = ops.constant(
    1,
    values.shape.map((size, axis) => (axis === 0 || axis === rank + 1 ? 1 : size)),
  );
  const count = ops.sum(poolingWindows(one, options, 0), axes);
  return squeezeAxes(ops.div(total, ops.broadcast(count, total.shape)), axes);
}

function squeezeAxes(x: Node, axes: readonly number[]): Node {
  return ops.reshape(
    x,
    x.shape.filter((_, axis) => !axes.includes(axis)),
  );
}

/** Row-major number of each element within its window. */
function windowPosition(windows: Node, axes: readonly number[]): Node {
  let position = ops.constant(0, windows.shape, "int32");
  for (const axis of axes) {
    const size = ops.constantLike(position, windows.shape[axis]!);
    position = ops.add(ops.mul(position, size), ops.iota(windows.shape, axis));
  }
  return position;
}
