/**
 * What products compute with. "float32": operands as they are. "bfloat16": each operand is rounded to bfloat16 first (8 of 24 bits, to the
 * nearest, ties to even; what is smaller than 2^-126 to zero), products of these are exact in float32, and sums are of float32. Values
 * in memory stay float32. This is "medium" of PyTorch's set_float32_matmul_precision, and JAX's jax_default_matmul_precision "bfloat16".
 */
export type Precision = "float32" | "bfloat16";

let current: Precision = "float32";

/**
 * Runs `build`, which makes tensors: matrix products and convolutions among them are computed in this precision, and so are their
 * gradients, whenever these are taken. Models do so by `compile({ precision })`.
 *
 * @example
 * const y = withPrecision("bfloat16", () => tensor([[1.001]]).matmul(tensor([[3]])));
 * console.log(await y.item()); // 3
 */
export function withPrecision<T>(precision: Precision, build: () => T): T {
  const outer = current;
  current = precision;
  try {
    return build();
  } finally {
    current = outer;
  }
}

/** The precision that new products have if nothing else is said. */
export const currentPrecision = (): Precision => current;

/** The attribute that stands for a precision: none for float32. */
export const precisionAttribute = (precision: Precision): { readonly precision?: Precision } =>
  precision === "float32" ? {} : { precision };

/** The precision of a product. */
export const precisionOf = ({ attributes }: { readonly attributes: object }): Precision =>
  (attributes as { readonly precision?: Precision }).precision ?? "float32";

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

/** The operands that a product of this precision multiplies. */
export function operandsOf(
  inputs: readonly Float64Array[],
  node: { readonly attributes: object },
): readonly Float64Array[] {
  return precisionOf(node) === "float32" ? inputs : inputs.map((operand) => operand.map(rounded));
}
