import { describe, expect, test } from "vitest";
import { exportOnnx } from "../../src/export/index.ts";
import { layers, Network } from "../../src/nn/index.ts";
import { model, sequential } from "../../src/train/index.ts";
import { LAYER_SAMPLES } from "../nn/layer-samples.ts";
import { networkOf, titleOf } from "./networks.ts";
import { expectSameAsOnnx } from "./onnx-runtime.ts";

/** What ONNX can't say, and why. The table of docs/guide/export.md says the same. */
const REFUSED: Record<string, RegExp> = {
  hashing: /hashing_1 can't be written as ONNX: it computes with the hash of a text/,
  hashedCrossing: /computes with the hash of a text/,
  'stringLookup {"vocabulary":["red","blue"],"numOovIndices":2}': /at most one place for unknown texts/,
};

const refusalOf = (title: string) => Object.entries(REFUSED).find(([begin]) => title.startsWith(begin))?.[1];
const titled = LAYER_SAMPLES.map((sample) => [titleOf(sample), sample] as const);

describe("every layer as ONNX Runtime computes it", () => {
  test.each(titled.filter(([title]) => !refusalOf(title)))("%s", async (_, sample) => {
    await expectSameAsOnnx(networkOf(sample));
  });

  test.each(titled.filter(([title]) => refusalOf(title)))("%s is refused", async (title, sample) => {
    await expect(exportOnnx(networkOf(sample))).rejects.toThrow(refusalOf(title));
  });
});
