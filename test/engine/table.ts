import { type ConformanceCase, type Engine, joinCases, runCase } from "../../src/engine/index.ts";
import { DTYPES, type DType, ops, type TypedArray } from "../../src/ir/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { product } from "../../src/util/index.ts";

/** An input of a case: its type, its values and, when it is no vector, its shape. */
export interface Given {
  readonly dtype?: DType;
  readonly values: readonly number[];
  readonly shape?: readonly number[];
}

/** float32 numbers. */
export const floats = (...values: number[]): Given => ({ values });
/** Numbers of another type. */
export const typed = (dtype: DType, ...values: number[]): Given => ({ dtype, values });

/** A function applied to given inputs, as a case that engines can run. */
export function caseOf(
  name: string,
  given: readonly Given[],
  f: (...x: Tensor[]) => Tensor | readonly Tensor[],
): ConformanceCase {
  const inputs = given.map(({ dtype = "float32", values, shape }, i) =>
    ops.placeholder(`x${i}`, shape ?? [values.length], dtype),
  );
  const result = f(...inputs.map((node) => new Tensor(node)));
  const outputs = (result instanceof Tensor ? [result] : result).map(({ node }) => node);
  return {
    name,
    program: { name, inputs, state: [], outputs },
    inputs: inputs.map(({ dtype, shape }, i) => {
      const array = DTYPES[dtype].create(product(shape));
      array.set(given[i]!.values);
      return array;
    }),
  };
}

/** Runs all cases as one program; the outputs of each. */
export async function runTable(engine: Engine, cases: readonly ConformanceCase[]): Promise<Map<string, TypedArray[]>> {
  const outputs = (await runCase(engine, joinCases(cases))).values();
  return new Map(
    cases.map(({ name, program }) => [
      name,
      Array.from({ length: program.outputs.length }, () => outputs.next().value as TypedArray),
    ]),
  );
}
