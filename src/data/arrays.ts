import { Tensor, tensor } from "../tensor/index.ts";
import { fail, formatShape, product, type Shape } from "../util/index.ts";

/** Typed arrays that hold numbers. */
export type NumberArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray;

/** Numbers in row-major order with their shape. */
export interface DenseArray {
  data: NumberArray;
  shape: Shape;
}

/** Anything whose first axis counts samples: nested or plain arrays, a typed array of scalars, numbers with a shape, a tensor. */
export type Samples = readonly unknown[] | NumberArray | DenseArray | Tensor;

export function isNumberArray(x: unknown): x is NumberArray {
  return (
    ArrayBuffer.isView(x) && !(x instanceof DataView) && typeof (x as unknown as ArrayLike<unknown>)[0] !== "bigint"
  );
}

export function isDenseArray(x: unknown): x is DenseArray {
  return typeof x === "object" && x !== null && "data" in x && "shape" in x && isNumberArray(x.data);
}

/**
 * Number of samples, which is the length of the first axis.
 *
 * @throws DescentError for something that has no first axis, or numbers that do not fill their shape.
 */
export function sampleCount(x: Samples, name = "the data"): number {
  if (x instanceof Tensor) return x.shape[0] ?? fail(`${name} is a scalar tensor`, "samples along the first axis");
  if (isDenseArray(x))
    return checkDense(x, name).shape[0] ?? fail(`${name} has no axis`, "samples along the first axis");
  if (Array.isArray(x) || isNumberArray(x)) return x.length;
  return fail(`${name} is ${describe(x)}`, "an array, a typed array, { data, shape } or a tensor");
}

/** Fails when the numbers of `x` do not fill its shape. */
export function checkDense(x: DenseArray, name: string): DenseArray {
  if (product(x.shape) !== x.data.length) {
    fail(`${name} has ${x.data.length} numbers for shape ${formatShape(x.shape)}`, `${product(x.shape)} numbers`);
  }
  return x;
}

/**
 * The samples with the given indices, in the given order, as the same kind of thing.
 *
 * @param x Samples along the first axis.
 * @param indices Row numbers; one may appear several times.
 * @throws DescentError for an index outside the data.
 * @example
 * selectRows(["a", "b", "c"], [2, 0]); // ["c", "a"]
 */
export function selectRows<T extends Samples>(x: T, indices: ArrayLike<number>): T {
  const count = sampleCount(x);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!(Number.isInteger(index) && index >= 0 && index < count)) {
      fail(`row ${index} was asked for`, `whole numbers from 0 to ${count - 1}`);
    }
  }
  return pick(x, indices) as T;
}

function pick(x: Samples, indices: ArrayLike<number>): Samples {
  if (x instanceof Tensor) {
    const values = x.knownData;
    if (!values) return x.take(tensor(Int32Array.from(indices), { dtype: "int32" }), { axis: 0 });
    // Rows that are in memory are simply copied.
    const inner = x.shape.slice(1);
    const rows = gather(values, indices, product(inner)) as typeof values;
    return tensor(rows, { shape: [indices.length, ...inner], dtype: x.dtype });
  }
  if (isDenseArray(x)) {
    const rowSize = product(x.shape.slice(1));
    return { data: gather(x.data, indices, rowSize), shape: [indices.length, ...x.shape.slice(1)] };
  }
  if (isNumberArray(x)) return gather(x, indices, 1);
  return Array.from(indices, (index) => x[index]);
}

/** Rows of `rowSize` numbers copied in the order of `indices`. */
function gather(source: NumberArray, indices: ArrayLike<number>, rowSize: number): NumberArray {
  const make = source.constructor as new (length: number) => NumberArray;
  const out = new make(indices.length * rowSize);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]! * rowSize;
    out.set(source.subarray(from, from + rowSize), i * rowSize);
  }
  return out;
}

/** Says what a wrong value is, for error messages. */
export function describe(x: unknown): string {
  if (typeof x === "string") return `the string ${JSON.stringify(x)}`;
  if (x === null || x === undefined || typeof x === "number" || typeof x === "boolean") return String(x);
  if (Array.isArray(x)) return `an array of length ${x.length}`;
  return typeof x === "object" ? `a ${x.constructor?.name ?? "value"}` : `a ${typeof x}`;
}
