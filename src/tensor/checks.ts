import { DTYPES, type DType } from "../ir/index.ts";
import { checkOptions, fail, formatShape, type Shape, show, unknownName } from "../util/index.ts";

/** Refuses anything but a list of sizes: whole numbers from 0. */
export function checkShape(where: string, shape: Shape): void {
  const right = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!right) fail(`${where} got shape ${show(shape)}`, "a list of whole numbers from 0, such as [2, 3]");
}

/** Refuses unknown names of element types. */
export function checkDType(dtype: DType): void {
  if (!(dtype in DTYPES)) unknownName("dtype", String(dtype), Object.keys(DTYPES));
}

/** Refuses numbers that count nothing. */
export function checkCount(where: string, name: string, count: number, least = 0): void {
  if (!Number.isSafeInteger(count) || count < least) {
    fail(`${where} got ${name} ${show(count)}`, `a whole number from ${least}`);
  }
}

/** Refuses unknown option names, and values where the options themselves belong: `x.sum(0)` for `x.sum({ axis: 0 })`. */
export function checkNamed(where: string, options: object | undefined, names: readonly string[]): void {
  if (options !== undefined && (typeof options !== "object" || options === null || Array.isArray(options))) {
    fail(`${where} got ${show(options)}`, `options by name: { ${names.join(", ")} }`);
  }
  checkOptions(where, options, names);
}

/** Refuses axes that are not each axis once. */
export function checkPermutation(where: string, axes: readonly number[], shape: Shape): void {
  if (axes.length !== shape.length || new Set(axes).size !== axes.length) {
    fail(`${where} got axes ${formatShape(axes)} for a tensor of shape ${formatShape(shape)}`, "each axis once");
  }
}
