import { evaluate as evaluateReference } from "../engines/reference/index.ts";
import { ops } from "../ir/index.ts";
import { HostRandom, product } from "../util/index.ts";
import { gradients } from "./differentiate.ts";
import { Tensor } from "./tensor.ts";

export interface GradCheckOptions {
  /** Order of the highest derivative to check: 1, or 2 for the gradient of the gradient as well (default 1). */
  readonly order?: 1 | 2;
  /** Step of the central difference (default 1e-4, for float64). */
  readonly step?: number;
  /** Greatest |analytic - numeric| / max(1, |numeric|) allowed (default 1e-5). */
  readonly tolerance?: number;
  /** Seed of the random directions (default 0). */
  readonly seed?: number;
}

export interface GradCheckResult {
  readonly passed: boolean;
  /** Worst |analytic - numeric| / max(1, |numeric|). */
  readonly worst: number;
  /** Where the worst was found. */
  readonly detail: string;
}

/**
 * Compares the gradients of `f` (its value weighted by random numbers and summed) with central differences, in float64 by the
 * reference engine, element by element of every float input.
 *
 * @example
 * const { passed } = await gradCheck((x) => x.tanh().sum(), [tensor([0.5, -1])]);
 */
export async function gradCheck(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { order = 1, step = 1e-4, tolerance = 1e-5, seed = 0 }: GradCheckOptions = {},
): Promise<GradCheckResult> {
  const random = new HostRandom(seed, 17);
  const values = await Promise.all(inputs.map(async (each) => Float64Array.from(await each.data())));
  const leaves = inputs.map((each, i) => new Tensor(ops.placeholder(`x${i}`, each.shape, each.dtype)));
  const weighted = (x: Tensor): Tensor => {
    const weights = Float32Array.from({ length: x.size }, () => random.uniform() * 2 - 1);
    return x.mul(new Tensor(ops.data(weights, x.shape, "float32"))).sum();
  };
  let scalar = weighted(f(...leaves));
  const floats = leaves.flatMap((each, i) => (each.dtype === "float32" ? [i] : []));
  let worst: GradCheckResult = { passed: true, worst: 0, detail: "no input" };
  for (let round = 1; round <= order; round++) {
    const analytic = gradients(
      scalar,
      floats.map((i) => leaves[i]!),
    );
    const at = (points: readonly Float64Array[], roots: readonly Tensor[]) =>
      evaluateReference(
        roots.map((root) => root.node),
        new Map(leaves.map((leaf, i) => [leaf.node, points[i]!])),
      );
    const slopes = at(values, analytic);
    floats.forEach((i, which) => {
      for (let j = 0; j < product(inputs[i]!.shape); j++) {
        const shifted = (by: number) =>
          values.map((each, k) => (k === i ? each.map((v, l) => (l === j ? v + by : v)) : each));
        const numeric = (at(shifted(step), [scalar])[0]![0]! - at(shifted(-step), [scalar])[0]![0]!) / (2 * step);
        const error = Math.abs(slopes[which]![j]! - numeric) / Math.max(1, Math.abs(numeric));
        if (error > worst.worst || Number.isNaN(error)) {
          const detail = `order ${round}, input ${i}, element ${j}: gradient ${slopes[which]![j]}, difference quotient ${numeric}`;
          worst = { passed: error <= tolerance, worst: error, detail };
        }
      }
    });
    if (round < order) scalar = analytic.map(weighted).reduce((a, b) => a.add(b));
  }
  return worst;
}
