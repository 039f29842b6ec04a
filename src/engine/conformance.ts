import { apply, DTYPES, type OpRecord, ops, type Program, type SampleInput, type TypedArray } from "../ir/index.ts";
import { HostRandom, murmur3, product } from "../util/index.ts";
import type { Engine } from "./contract.ts";

/** A small program with inputs, to be computed by two engines. */
export interface ConformanceCase {
  readonly name: string;
  readonly program: Program;
  readonly inputs: readonly TypedArray[];
}

/** Values for a sample's input: uniform over its range, away from the numbers to avoid; integers for integer types. */
export function drawInput(
  { shape, dtype = "float32", range, avoid = [] }: SampleInput,
  random: HostRandom,
): TypedArray {
  const values = DTYPES[dtype].create(product(shape));
  const [low, high] = range ?? (dtype === "bool" ? [0, 1] : [-2, 2]);
  for (let i = 0; i < values.length; i++) {
    if (dtype !== "float32") values[i] = low + random.integer(Math.min(4294967296, high - low + 1));
    else {
      do values[i] = low + (high - low) * random.uniform();
      while (avoid.some((each) => Math.abs(values[i]! - each) < 0.05));
    }
  }
  return values;
}

/** The random numbers of a case, its own whatever other cases there are. */
export function randomOfCase(name: string, seed = 1): HostRandom {
  return new HostRandom(seed, murmur3(new TextEncoder().encode(name)));
}

/** A case per sample of every op that has a value at run time. */
export function opCases(records: readonly OpRecord[], seed = 1): ConformanceCase[] {
  return records.flatMap((record) =>
    record.samples.map((sample, i) => {
      const inputs = sample.inputs.map((input, j) => ops.placeholder(`x${j}`, input.shape, input.dtype ?? "float32"));
      const output = apply(record, inputs, sample.attributes);
      const name = `${record.name} ${i}`;
      const random = randomOfCase(name, seed);
      return {
        name,
        program: { name: record.name, inputs, state: [], outputs: [output] },
        inputs: sample.inputs.map((input) => drawInput(input, random)),
      };
    }),
  );
}

/** Runs a case; the outputs as arrays. */
export async function runCase(engine: Engine, { program, inputs }: ConformanceCase): Promise<TypedArray[]> {
  const executable = await engine.compile(program);
  const given = program.inputs.map((node, i) => {
    const array = engine.allocate(node.dtype, product(node.shape));
    array.set(inputs[i]!);
    return array;
  });
  const outputs = program.outputs.map((node) => engine.allocate(node.dtype, product(node.shape)));
  await executable.bind({ inputs: given, state: [], outputs })();
  return outputs;
}

/**
 * The greatest difference of two engines' values, relative to the larger of the magnitude and 1 (floats); Infinity where integers,
 * infinities or NaN differ.
 */
export function difference(a: TypedArray, b: TypedArray): number {
  let worst = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (Object.is(x, y) || x === y) continue;
    if (Number.isNaN(x) && Number.isNaN(y)) continue;
    const error = a instanceof Float32Array ? Math.abs(x - y) / Math.max(1, Math.abs(y)) : Number.POSITIVE_INFINITY;
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  }
  return worst;
}

/** Several cases as one program, so that they are compiled together. */
export function joinCases(cases: readonly ConformanceCase[]): ConformanceCase {
  return {
    name: "all",
    program: {
      name: "all",
      inputs: cases.flatMap(({ program }) => program.inputs),
      state: [],
      outputs: cases.flatMap(({ program }) => program.outputs),
    },
    inputs: cases.flatMap(({ inputs }) => inputs),
  };
}
