import { backward } from "../../src/autodiff/index.ts";
import { drawInput } from "../../src/engine/index.ts";
import { evaluate } from "../../src/engines/reference/index.ts";
import { apply, type Node, type OpRecord, ops, type Sample } from "../../src/ir/index.ts";
import { HostRandom, product } from "../../src/util/index.ts";

/** An op applied to placeholders, with numbers to put in their places. */
export interface Applied {
  readonly inputs: readonly Node[];
  readonly values: readonly Float64Array[];
  readonly output: Node;
}

/** The op of a sample, applied to numbers drawn from the sample's domain. */
export function applySample(record: OpRecord, sample: Sample, seed = 1): Applied {
  const random = new HostRandom(seed, 21);
  const inputs = sample.inputs.map(({ shape, dtype = "float32" }, i) => ops.placeholder(`x${i}`, shape, dtype));
  const values = sample.inputs.map((input) => Float64Array.from(drawInput(input, random)));
  return { inputs, values, output: apply(record, inputs, sample.attributes) };
}

/** The sum of a value's elements, each times a random number: what derivatives are taken of. */
export function weighted(x: Node, random: HostRandom): Node {
  const weights = Float32Array.from({ length: product(x.shape) }, () => 0.5 + random.uniform());
  const terms = ops.mul(x, ops.data(weights, x.shape, "float32"));
  const axes = terms.shape.map((_, axis) => axis);
  return ops.reshape(ops.sum(terms, axes), []);
}

const STEP = 1e-5;

/**
 * The worst |analytic - numeric| / max(1, |numeric|) over derivatives of `scalar` along random directions: per input all elements
 * move at once by random numbers, so that a wrong element anywhere shows. float64 throughout.
 */
export function worstSlope(
  scalar: Node,
  inputs: readonly Node[],
  values: readonly Float64Array[],
  random: HostRandom,
): number {
  const floats = inputs.flatMap((each, i) => (each.dtype === "float32" ? [i] : []));
  const at = (roots: readonly Node[], points: readonly Float64Array[]) =>
    evaluate(roots, new Map(inputs.map((node, i) => [node, points[i]!])));
  const slopes = at(
    backward(
      scalar,
      floats.map((i) => inputs[i]!),
    ),
    values,
  );
  let worst = 0;
  floats.forEach((i, which) => {
    for (let round = 0; round < 3; round++) {
      const direction = values[i]!.map(() => random.uniform() * 2 - 1);
      const shifted = (by: number) =>
        values.map((each, k) => (k === i ? each.map((v, j) => v + by * direction[j]!) : each));
      const numeric = (at([scalar], shifted(STEP))[0]![0]! - at([scalar], shifted(-STEP))[0]![0]!) / (2 * STEP);
      const analytic = slopes[which]!.reduce((sum, slope, j) => sum + slope * direction[j]!, 0);
      const error = Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric));
      worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
    }
  });
  return worst;
}

/** Values of `root` in float64, given those of placeholders. */
export function evaluated(root: Node, given: readonly (readonly [Node, readonly number[]])[] = []): number[] {
  return [...evaluate([root], new Map(given.map(([node, values]) => [node, Float64Array.from(values)])))[0]!];
}
