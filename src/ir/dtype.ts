/** Element types of tensors. float64 exists only inside the reference engine, as the precision in which it computes. */
export type DType = "float32" | "int32" | "uint32" | "uint8" | "bool";

/** Memory of a tensor: one element per entry, bool as 0 or 1. */
export type TypedArray = Float32Array | Int32Array | Uint32Array | Uint8Array;

interface DTypeFacts {
  readonly bytes: number;
  readonly integer: boolean;
  readonly create: (length: number) => TypedArray;
}

export const DTYPES: Readonly<Record<DType, DTypeFacts>> = {
  float32: { bytes: 4, integer: false, create: (length) => new Float32Array(length) },
  int32: { bytes: 4, integer: true, create: (length) => new Int32Array(length) },
  uint32: { bytes: 4, integer: true, create: (length) => new Uint32Array(length) },
  uint8: { bytes: 1, integer: true, create: (length) => new Uint8Array(length) },
  bool: { bytes: 1, integer: true, create: (length) => new Uint8Array(length) },
};

/** True for the types that gradients flow through. */
export function isFloat(dtype: DType): boolean {
  return dtype === "float32";
}

/** A number as it is after being stored in `dtype` and read back (float32 keeps float64 precision: the reference's truth). */
export function wrap(value: number, dtype: DType): number {
  switch (dtype) {
    case "float32":
      return value;
    case "int32":
      return value | 0;
    case "uint32":
      return value >>> 0;
    case "uint8":
      return value & 0xff;
    case "bool":
      return value === 0 ? 0 : 1;
  }
}
