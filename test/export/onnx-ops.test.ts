import * as ort from "onnxruntime-web/wasm";
import { describe, expect, test } from "vitest";
import { type ConformanceCase, opCases, runCase } from "../../src/engine/index.ts";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import { onnxFile } from "../../src/export/onnx/onnx.ts";
import { DTYPES, OPS, type TypedArray, topologicalOrder } from "../../src/ir/index.ts";
import { randomGraph } from "../engine/random-graph.ts";
import { graphOfCase, worst } from "./graphs.ts";
import { openOnnx } from "./onnx-runtime.ts";

/** Ops that a model as it is used does not have. */
const REFUSED: Record<string, RegExp> = {
  random: /draws random numbers even outside of training/,
  convWeight: /a kernel's gradient is part of it/,
};

async function runOnnx(given: ConformanceCase): Promise<ArrayLike<number>[]> {
  const session = await openOnnx(onnxFile("case", graphOfCase(given)));
  const feeds = given.inputs.map((values, i) => {
    const { dtype, shape } = given.program.inputs[i]!;
    const array = DTYPES[dtype].create(values.length);
    array.set(values);
    return [`input_${i}`, new ort.Tensor(dtype, array as Uint8Array, shape)] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return session.outputNames.map((name) => Array.from(results[name]!.data as Float32Array, Number));
}

async function expectSame(given: ConformanceCase, tolerance: number): Promise<void> {
  const expected = (await runCase(referenceEngine, given)) as TypedArray[];
  expect(worst(await runOnnx(given), expected), given.name).toBeLessThan(tolerance);
}

describe("every op's samples, as ONNX Runtime computes them", () => {
  const cases = opCases(OPS);
  const opOf = ({ name }: ConformanceCase) => name.split(" ")[0]!;
  const known = cases.filter((each) => !REFUSED[opOf(each)]);

  test.each([...new Set(known.map(opOf))])("%s", async (op) => {
    for (const each of known.filter((each) => opOf(each) === op)) await expectSame(each, 1e-5);
  });

  test.each(Object.entries(REFUSED))("%s is refused", (op, reason) => {
    const given = cases.find((each) => opOf(each) === op)!;
    expect(() => onnxFile("case", graphOfCase(given))).toThrow(reason);
  });
});

test("random graphs", async () => {
  let compared = 0;
  for (let seed = 0; seed < 60; seed++) {
    const given = randomGraph(seed);
    const names = topologicalOrder(given.program.outputs).map(({ op }) => op.name);
    if (given.program.inputs.length === 0 || names.some((name) => REFUSED[name])) continue;
    await expectSame({ ...given, name: `seed ${seed}` }, 1e-3);
    compared++;
  }
  expect(compared).toBeGreaterThan(25);
});
