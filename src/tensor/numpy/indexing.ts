import { type Node, ops } from "../../ir/index.ts";
import { fail, formatShape, product, sameShape, show } from "../../util/index.ts";
import { checkCount, checkNamed } from "../checks.ts";
import { arithmeticType, normalizeAxis, promoteTypes } from "./promote.ts";

/** One axis of a slice: an index (the axis goes), [start, stop?, step?] as in NumPy, or null for all of it. */
export type Range = number | readonly [start: number | null, stop?: number | null, step?: number] | null;

/** Python's start:stop:step over an axis: first element, step, count. */
function resolveRange(
  range: Exclude<Range, number | null>,
  size: number,
): { start: number; step: number; count: number } {
  const given = Array.isArray(range) && range.every((each) => each == null || Number.isInteger(each));
  if (!given) fail(`slice got ${show(range)}`, "an index, [start, stop, step] of integers, or null for all");
  const step = range[2] ?? 1;
  if (!Number.isInteger(step) || step === 0) fail(`slice got step ${step}`, "an integer other than 0");
  const clamp = (value: number, low: number, high: number) =>
    Math.min(high, Math.max(low, value < 0 ? value + size : value));
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const start = range[0] == null ? (step > 0 ? 0 : size - 1) : clamp(range[0], low, high);
  const stop = range[1] == null ? (step > 0 ? size : -1) : clamp(range[1], low, high);
  return { start, step, count: Math.max(0, Math.ceil((stop - start) / step)) };
}

/** NumPy's basic indexing. */
export function slice(x: Node, ranges: readonly Range[]): Node {
  if (ranges.length > x.shape.length) {
    fail(`slice got ${ranges.length} ranges for a tensor of shape ${formatShape(x.shape)}`, "one per axis at most");
  }
  const parts = x.shape.map((size, axis) => {
    const range = ranges[axis] ?? null;
    if (range === null) return { start: 0, step: 1, count: size };
    if (typeof range !== "number") return resolveRange(range, size);
    const start = range < 0 ? range + size : range;
    if (!Number.isInteger(range) || start < 0 || start >= size) {
      fail(`slice got index ${range} on an axis of ${size}`, `an integer from ${-size} to ${size - 1}`);
    }
    return { start, step: 1, count: 1 };
  });
  const sliced = ops.slice(x, {
    starts: parts.map(({ start }) => start),
    steps: parts.map(({ step }) => step),
    shape: parts.map(({ count }) => count),
  });
  return ops.reshape(
    sliced,
    sliced.shape.filter((_, axis) => typeof ranges[axis] !== "number"),
  );
}

/** The elements of `axis` in reverse. */
export function flip(x: Node, axis: number): Node {
  const along = normalizeAxis(axis, x.shape.length, "flip");
  return ops.slice(x, {
    starts: x.shape.map((size, i) => (i === along ? size - 1 : 0)),
    steps: x.shape.map((_, i) => (i === along ? -1 : 1)),
    shape: x.shape,
  });
}

/** Surrounds `x` by `value`: widths [before, after] per axis. */
export function pad(x: Node, widths: readonly (readonly [number, number])[], value = 0): Node {
  const right =
    widths.length === x.shape.length && widths.flat().every((width) => Number.isInteger(width) && width >= 0);
  if (!right) fail(`pad of ${formatShape(x.shape)} got ${JSON.stringify(widths)}`, "[before, after] for every axis");
  return ops.embed(x, {
    starts: widths.map(([before]) => before),
    steps: widths.map(() => 1),
    shape: x.shape.map((size, axis) => size + widths[axis]![0] + widths[axis]![1]),
    fill: value,
  });
}

/** Entries of `x` along `axis` by number; numbers outside read 0. */
export function take(x: Node, indices: Node, options: { readonly axis?: number } = {}): Node {
  checkNamed("take", options, ["axis"]);
  const along = normalizeAxis(options.axis ?? 0, x.shape.length, "take");
  const numbers = ops.cast(indices, "int32");
  const rest = x.shape.map((_, i) => i).filter((i) => i !== along);
  const rows = ops.gather(ops.permute(x, [along, ...rest]), numbers);
  const rank = numbers.shape.length;
  const order = x.shape.flatMap((_, i) => (i === along ? numbers.shape.map((__, j) => j) : [rank + rest.indexOf(i)]));
  return ops.permute(rows, order);
}

/** Class numbers as rows with a 1 in their place: [..] -> [.., depth] float32. */
export function oneHot(x: Node, depth: number): Node {
  checkCount("oneHot", "depth", depth);
  const shape = [...x.shape, depth];
  const numbers = ops.broadcast(ops.reshape(ops.cast(x, "int32"), [...x.shape, 1]), shape);
  return ops.cast(ops.eq(numbers, ops.iota(shape, shape.length - 1)), "float32");
}

/** Tensors one after the other along an existing axis, in their common type. */
export function concatenate(list: readonly Node[], axis = 0, name = "concatenate"): Node {
  const [first] = list;
  if (!first) fail(`${name} got no tensors`, "at least one");
  const along = normalizeAxis(axis, first.shape.length, name);
  for (const { shape } of list) {
    const fits =
      shape.length === first.shape.length && shape.every((size, i) => i === along || size === first.shape[i]);
    if (!fits) {
      fail(
        `concatenate on axis ${along} got shapes ${list.map((each) => formatShape(each.shape)).join(", ")}`,
        "equal sizes on all other axes",
      );
    }
  }
  const dtype = list.map((each) => each.dtype).reduce(promoteTypes);
  const filled = list.filter((each) => product(each.shape) > 0);
  return ops.concat(
    (filled.length > 0 ? filled : [first]).map((each) => ops.cast(each, dtype)),
    along,
  );
}

/** Rows added up by number into `rows` rows of zeros. */
export function scatterAdd(indices: Node, updates: Node, rows: number): Node {
  checkCount("scatterAdd", "rows", rows);
  if (!sameShape(updates.shape.slice(0, indices.shape.length), indices.shape)) {
    fail(
      `scatterAdd got indices ${formatShape(indices.shape)} and updates ${formatShape(updates.shape)}`,
      "updates whose first axes are those of the indices",
    );
  }
  const values = ops.cast(updates, arithmeticType(updates.dtype));
  return ops.scatter(ops.cast(indices, "int32"), values, rows);
}
