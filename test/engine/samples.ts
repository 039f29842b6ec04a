import { backward } from "../../src/autodiff/index.ts";
import {
  type ConformanceCase,
  difference,
  type Engine,
  joinCases,
  opCases,
  randomOfCase,
  runCase,
} from "../../src/engine/index.ts";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import { DTYPES, isFloat, OPS, type TypedArray } from "../../src/ir/index.ts";
import { applySample, weighted } from "../ir/numeric.ts";

/** Of values of magnitude 1; long sums have their own samples within it. */
export const TOLERANCE = 1e-5;
/** Gradients of sums are longer sums. */
const GRADIENT_TOLERANCE = 2e-5;
/** The first derivatives of every sample that has some, with random weights of its output. */
function gradientCases(): ConformanceCase[] {
  return OPS.filter(({ gradient }) => gradient !== null).flatMap((record) =>
    record.samples.flatMap((sample, i): ConformanceCase[] => {
      const { inputs, values, output } = applySample(record, sample);
      const floats = inputs.filter(({ dtype }) => isFloat(dtype));
      if (!isFloat(output.dtype) || floats.length === 0) return [];
      const name = `${record.name} ${i}`;
      const random = randomOfCase(`gradient of ${name}`);
      const program = { name, inputs, state: [], outputs: backward(weighted(output, random), floats) };
      const given = values.map((each, k) => {
        const array = DTYPES[inputs[k]!.dtype].create(each.length);
        array.set(each);
        return array;
      });
      return [{ name, program, inputs: given }];
    }),
  );
}

/** By op: samples of which an engine computes something else than reference, or whose gradients. */
export async function wrongSamples(engine: Engine): Promise<Map<string, string[]>> {
  const wrong = new Map<string, string[]>();
  for (const [what, cases, tolerance] of [
    ["", opCases(OPS), TOLERANCE],
    ["gradient of ", gradientCases(), GRADIENT_TOLERANCE],
  ] as const) {
    const [found, expected] = [await outputsOf(engine, cases), await outputsOf(referenceEngine, cases)];
    cases.forEach(({ name }, i) => {
      const error = Math.max(...expected[i]!.map((values, k) => difference(found[i]![k]!, values)));
      const op = name.split(" ")[0]!;
      wrong.set(op, [...(wrong.get(op) ?? []), ...(error <= tolerance ? [] : [`${what}${name}: ${error}`])]);
    });
  }
  return wrong;
}

/** Outputs of every case, computed as one program. */
export async function outputsOf(engine: Engine, cases: readonly ConformanceCase[]): Promise<TypedArray[][]> {
  const outputs = (await runCase(engine, joinCases(cases))).values();
  return cases.map(({ program }) => program.outputs.map(() => outputs.next().value as TypedArray));
}
