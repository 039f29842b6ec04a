import * as ort from "onnxruntime-web/wasm";
import { expect } from "vitest";
import { exportOnnx } from "../../src/export/index.ts";
import type { Network } from "../../src/nn/index.ts";
import { product } from "../../src/util/index.ts";
import { dataFor, type InputData, outputsOf, worstDifference } from "./networks.ts";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

/** A file of ours in ONNX Runtime. */
export async function openOnnx(file: Uint8Array): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(file);
}

/** Runs a session on data of as many samples: the numbers of every output, in the session's order. */
export async function runOnnx(
  session: ort.InferenceSession,
  network: Network,
  data: readonly InputData[],
  samples: number,
): Promise<{ shape: readonly number[]; data: Float32Array }[]> {
  const feeds = network.inputs.map(({ shape, isText }, i) => {
    const dims = [samples, ...(isText ? shape.slice(0, -1) : shape)];
    const given = data[i] ?? [];
    const value = Array.isArray(given)
      ? new ort.Tensor("string", given, dims)
      : new ort.Tensor(given instanceof Int32Array ? "int32" : "float32", given, dims);
    return [session.inputNames[i] ?? "", value] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  return session.outputNames.map((name) => {
    const { dims, data } = results[name] as ort.TypedTensor<"float32">;
    return { shape: dims, data };
  });
}

/** Writes a network as ONNX, and compares what ONNX Runtime makes of it with what the network gives, for batches of several sizes. */
export async function expectSameAsOnnx(network: Network, tolerance = 1e-5, batches = [1, 3, 8]): Promise<void> {
  const session = await openOnnx(await exportOnnx(network));
  expect(session.inputNames).toEqual(network.inputNames);
  expect(session.outputNames).toEqual(network.outputNames);
  for (const samples of batches) {
    const data = dataFor(network, samples, samples);
    const results = await runOnnx(session, network, data, samples);
    const expected = await outputsOf(network, data, samples);
    results.forEach(({ shape, data }, i) => {
      expect(shape).toEqual([samples, ...(network.outputs[i]?.shape ?? [])]);
      expect(data.length).toBe(product(shape));
      expect(worstDifference(data, expected[i] ?? []), `a batch of ${samples}`).toBeLessThan(tolerance);
    });
  }
  await session.release();
}
