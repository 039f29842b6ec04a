import { unknownName } from "../util/index.ts";

/**
 * What products compute with. "float32": operands as they are. "bfloat16": each operand is rounded to bfloat16 first (8 of 24 bits, to the
 * nearest, ties to even; what is smaller than 2^-126 to zero), products of these are exact in float32, and sums are of float32. Values
 * in memory stay float32. This is "medium" of PyTorch's set_float32_matmul_precision, and JAX's jax_default_matmul_precision "bfloat16".
 */
export type Precision = "float32" | "bfloat16";

const PRECISIONS: readonly Precision[] = ["float32", "bfloat16"];

/** Fails for what is no precision. */
export function checkPrecision(precision: Precision): void {
  if (!PRECISIONS.includes(precision)) unknownName("precision", String(precision), PRECISIONS);
}

let current: Precision = "float32";

/**
 * Runs `build`, which makes tensors: matrix products and convolutions among them are computed in this precision, and so are their
 * gradients, whenever these are taken. What `build` would do after an `await` is made in the precision of before. Models do so by
 * `compile({ precision })`.
 *
 * @returns what `build` returns.
 * @throws DescentError for names of no precision.
 * @example
 * const y = withPrecision("bfloat16", () => tensor([[1.001]]).matmul(tensor([[3]])));
 * console.log(await y.item()); // 3
 */
export function withPrecision<T>(precision: Precision, build: () => T): T {
  checkPrecision(precision);
  const outer = current;
  current = precision;
  try {
    return build();
  } finally {
    current = outer;
  }
}

/** What is said of a product: nothing where it is of float32. */
interface OfPrecision {
  readonly precision?: Precision;
}

/** The attribute of products that are made now. */
export const currentPrecision = (): OfPrecision => (current === "float32" ? {} : { precision: current });

/** The precision of a node, if it is a product. */
export const precisionOf = ({ attributes }: { readonly attributes: OfPrecision }): Precision =>
  attributes.precision ?? "float32";

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** What a number becomes as an operand: of its float32 the nearest bfloat16. The same as `bfloat16` of the scalar language. */
function rounded(value: number): number {
  float[0] = value;
  if (!(Math.abs(float[0]!) >= 2 ** -126)) return float[0]! * 0;
  bits[0]! += 0x7fff + ((bits[0]! >>> 16) & 1);
  bits[0]! &= 0xffff0000;
  return float[0]!;
}

/** The operands that a product multiplies. */
export const operandsOf = (inputs: readonly Float64Array[], { attributes }: { readonly attributes: OfPrecision }) =>
  attributes.precision ? inputs.map((operand) => operand.map(rounded)) : inputs;
