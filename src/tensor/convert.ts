import { DTYPES, type DType, type Node, ops, type TypedArray } from "../ir/index.ts";
import { fail, formatShape, product, type Shape, show } from "../util/index.ts";

/** A number, or arrays of equal lengths of these. Booleans count as 1 and 0. */
export type Nested = number | boolean | readonly Nested[];

/** Shape of nested arrays, from their first elements. */
function shapeOf(values: Nested): number[] {
  const shape: number[] = [];
  for (let level: Nested | undefined = values; Array.isArray(level); level = (level as readonly Nested[])[0]) {
    shape.push(level.length);
  }
  return shape;
}

/** Writes nested arrays into `out` row-major; refuses ragged arrays and anything but numbers, saying where. */
function fill(values: Nested, shape: Shape, out: TypedArray): void {
  const path: number[] = [];
  const where = () => (path.length > 0 ? ` at index [${path.join(", ")}]` : "");
  let at = 0;
  const visit = (value: Nested | undefined, depth: number): void => {
    if (depth < shape.length) {
      if (!Array.isArray(value) || value.length !== shape[depth]) {
        const found = Array.isArray(value) ? `${value.length} elements` : show(value);
        fail(`nested arrays are ragged: found ${found}${where()}`, `an array of ${shape[depth]} as elsewhere`);
      }
      for (let i = 0; i < value.length; i++) {
        path[depth] = i;
        visit(value[i], depth + 1);
      }
      path.length = depth;
      return;
    }
    if (typeof value !== "number" && typeof value !== "boolean") {
      fail(`found ${Array.isArray(value) ? "an array" : show(value)}${where()}`, "a number");
    }
    out[at++] = Number(value);
  };
  visit(values, 0);
}

function isBoolean(values: Nested): boolean {
  let level: Nested | undefined = values;
  while (Array.isArray(level)) level = (level as readonly Nested[])[0];
  return typeof level === "boolean";
}

/** Nested arrays or a number as a graph node. float32, or bool for booleans, unless told otherwise. */
export function toNode(values: Nested, dtype?: DType): Node {
  const shape = shapeOf(values);
  const type = dtype ?? (isBoolean(values) ? "bool" : "float32");
  if (shape.length === 0 && typeof values === "number") return ops.constant(values, [], type);
  const out = DTYPES[type].create(product(shape));
  fill(values, shape, out);
  return ops.data(out, shape, type);
}

/** The element type that a typed array stands for. */
export function dtypeOf(values: ArrayBufferView): DType | undefined {
  if (values instanceof Float32Array) return "float32";
  if (values instanceof Int32Array) return "int32";
  if (values instanceof Uint32Array) return "uint32";
  if (values instanceof Uint8Array) return "uint8";
  return undefined;
}

/** A typed array as a graph node; other element types (float64, int8, ...) are converted to float32 or int32. */
export function typedToNode(values: ArrayBufferView & ArrayLike<number>, shape: Shape, dtype?: DType): Node {
  if (product(shape) !== values.length) {
    fail(`${values.length} values for shape ${formatShape(shape)}`, `${product(shape)} values`);
  }
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    fail(
      "64-bit integers have no type here",
      "a typed array of at most 32-bit integers, or floats",
      "convert it first",
    );
  }
  const own = dtypeOf(values);
  const type = dtype ?? own ?? (values instanceof Float64Array ? "float32" : "int32");
  if (own === type) return ops.data(values as unknown as TypedArray, shape, type);
  const out = DTYPES[type].create(values.length);
  for (let i = 0; i < out.length; i++) out[i] = type === "bool" ? Number(values[i] !== 0) : values[i]!;
  return ops.data(out, shape, type);
}

/** Row-major values as nested arrays. */
export function toNested(values: ArrayLike<number>, shape: Shape): Nested {
  if (shape.length === 0) return values[0]!;
  let at = 0;
  const build = (axis: number): Nested => {
    if (axis === shape.length) return values[at++]!;
    return Array.from({ length: shape[axis]! }, () => build(axis + 1));
  };
  return build(0);
}
