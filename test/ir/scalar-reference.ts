import { type Scalar, scalar } from "../../src/ir/scalar/index.ts";

/** |result - truth| in units of float32's last place at the truth. */
export function ulpError(result: number, truth: number): number {
  const nearest = Math.fround(truth);
  if (Object.is(result, nearest) && !Number.isFinite(result)) return 0;
  // Beside the overflow threshold infinity stands for 2^128.
  const finite = (value: number) =>
    Math.abs(value) === Number.POSITIVE_INFINITY ? Math.sign(value) * 2 ** 128 : value;
  return Math.abs(finite(result) - finite(truth)) / lastPlace(finite(truth));
}

function lastPlace(value: number): number {
  const size = Math.abs(Math.fround(value));
  const exponent = size < 2 ** -126 ? -126 : Math.min(127, Math.floor(Math.log2(size)));
  return 2 ** (exponent - 23);
}

/** The same expression for a machine without a fused multiply-add. */
export function splitFma(root: Scalar): Scalar {
  const known = new Map<Scalar, Scalar>();
  const visit = (node: Scalar): Scalar => {
    const found = known.get(node);
    if (found) return found;
    const args = node.args.map(visit);
    const [a, b, c] = args as [Scalar, Scalar, Scalar];
    const copy = node.op === "fma" ? scalar.add(scalar.mul(a, b), c) : { ...node, args };
    known.set(node, copy);
    return copy;
  };
  return visit(root);
}

/** The error function in float64: its series below 3, a continued fraction above. */
export function erfDouble(x: number): number {
  const size = Math.abs(x);
  if (!(size < 6)) return Number.isNaN(x) ? Number.NaN : Math.sign(x);
  if (size < 3) {
    let term = x;
    let sum = x;
    for (let k = 1; k < 200 && Math.abs(term) > 1e-18 * Math.abs(sum); k++) {
      term *= (-x * x) / k;
      sum += term / (2 * k + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let tail = size;
  for (let k = 200; k > 0; k--) tail = size + k / 2 / tail;
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * tail));
}
