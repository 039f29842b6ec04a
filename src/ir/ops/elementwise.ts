import { formatShape, sameShape } from "../../util/index.ts";
import { type DType, wrap } from "../dtype.ts";
import type { ElementwiseOp, GradientRule, Named, Sample, SampleInput, TensorType } from "../op.ts";
import type { Scalar, ScalarType } from "../scalar/expression.ts";

/** Which element types an op takes, and what it gives. */
export type Signature =
  | "float" // float32 -> float32
  | "numeric" // float32, int32 or uint32, all the same -> the same
  | "integer" // int32 or uint32 -> the same
  | "comparison" // any, all the same -> bool
  | "logical"; // bool -> bool

const ACCEPTED: Record<Signature, readonly DType[]> = {
  float: ["float32"],
  numeric: ["float32", "int32", "uint32"],
  integer: ["int32", "uint32"],
  comparison: ["float32", "int32", "uint32", "uint8", "bool"],
  logical: ["bool"],
};

/** The lane type in which elements of `dtype` are computed. */
export function laneType(dtype: DType): ScalarType {
  switch (dtype) {
    case "float32":
      return "f32";
    case "int32":
      return "i32";
    case "uint32":
    case "uint8":
      return "u32";
    case "bool":
      return "mask";
  }
}

interface ElementwiseSpec<Name extends string> {
  readonly name: Name;
  readonly arity: number;
  readonly signature: Signature;
  readonly meaning: (...values: number[]) => number;
  readonly lower: (args: readonly Scalar[], result: DType) => Scalar;
  readonly gradient: GradientRule | null;
  /** Domain of the test samples, per operand. */
  readonly domain?: Omit<SampleInput, "shape"> | readonly Omit<SampleInput, "shape">[];
}

/** Completes the record of an op that works element by element. */
export function elementwise<const Name extends string>(spec: ElementwiseSpec<Name>): Named<ElementwiseOp, Name> {
  const { name, arity, signature, meaning, lower, gradient } = spec;
  return {
    name,
    family: "elementwise",
    meaning,
    lower,
    gradient,
    infer: (inputs) => {
      checkOperands(name, arity, ACCEPTED[signature], inputs);
      return { shape: inputs[0]!.shape, dtype: signature === "comparison" ? "bool" : inputs[0]!.dtype };
    },
    evaluate: (inputs, node) => mapElements(inputs, node.dtype, meaning),
    samples: samplesOf(spec),
  };
}

export function checkOperands(
  name: string,
  arity: number,
  accepted: readonly DType[],
  inputs: readonly TensorType[],
): void {
  const [first] = inputs;
  if (inputs.length !== arity) throw new Error(`${name} takes ${arity} operands, got ${inputs.length}`);
  for (const input of inputs) {
    if (!sameShape(input.shape, first!.shape)) {
      throw new Error(`${name} of shapes ${inputs.map((each) => formatShape(each.shape)).join(" and ")}`);
    }
    if (input.dtype !== first!.dtype || !accepted.includes(input.dtype)) {
      throw new Error(`${name} of ${inputs.map((each) => each.dtype).join(" and ")}; it takes ${accepted.join(", ")}`);
    }
  }
}

export function mapElements(
  inputs: readonly Float64Array[],
  dtype: DType,
  meaning: (...values: number[]) => number,
): Float64Array {
  const [a, b, c] = inputs;
  const out = new Float64Array(a!.length);
  if (c) for (let i = 0; i < out.length; i++) out[i] = wrap(meaning(a![i]!, b![i]!, c[i]!), dtype);
  else if (b) for (let i = 0; i < out.length; i++) out[i] = wrap(meaning(a![i]!, b[i]!), dtype);
  else for (let i = 0; i < out.length; i++) out[i] = wrap(meaning(a![i]!), dtype);
  return out;
}

/** A vector longer than any machine's, a matrix, a scalar; and integers where the op takes them. */
function samplesOf({ arity, signature, domain = {} }: ElementwiseSpec<string>): Sample[] {
  const of = (shape: readonly number[], dtype?: DType): Sample => ({
    inputs: Array.from({ length: arity }, (_, i) => {
      const own = Array.isArray(domain) ? domain[i]! : domain;
      return { shape, ...own, ...(dtype ? { dtype, range: dtype === "bool" ? [0, 1] : [-20, 20] } : {}) };
    }),
  });
  if (signature === "logical") return [of([37], "bool"), of([], "bool")];
  const samples = [of([37]), of([3, 5]), of([])];
  if (signature === "comparison") samples.push(of([37], "int32"), of([20], "bool"));
  if (signature === "numeric") samples.push(of([37], "int32"));
  if (signature === "integer") return [of([37], "int32")];
  return samples;
}
