import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exportPyTorch, importPyTorch } from "../../src/export/index.ts";
import { createLayer, layers, Network } from "../../src/nn/index.ts";
import { sequential } from "../../src/train/index.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/util/index.ts";
import { outputsOf, worstDifference } from "./networks.ts";

interface TorchCase {
  readonly module: string;
  readonly kind: string;
  readonly options: Record<string, unknown>;
  readonly input: { readonly shape: number[]; readonly data: number[] };
  readonly output: { readonly shape: number[]; readonly data: number[] };
}

const at = (name: string) => new URL(`../golden/${name}`, import.meta.url);
const { cases } = JSON.parse(readFileSync(at("torch_modules.json"), "utf8")) as { cases: TorchCase[] };
const file = new Uint8Array(readFileSync(at("torch_modules.safetensors")));
const tensors = decodeSafetensors(file, "the file", true);

/** A network of the layer, called as PyTorch's module is. */
function networkOf({ module, kind, options, input }: TorchCase): Network {
  const symbol = layers.input({ shape: input.shape.slice(1) });
  return new Network({ inputs: [symbol], outputs: [createLayer(kind, { ...options, name: module })(symbol)] });
}

test.each(cases.map((each) => [each.kind, each] as const))(
  "%s takes PyTorch's weights and gives its numbers",
  async (_, given) => {
    const network = networkOf(given);
    const { taken, missing, unused } = importPyTorch(network, file, { byName: true });
    expect(taken).toEqual(network.weights.map(({ path }) => path));
    expect(missing).toEqual([]);
    expect(unused.some((name) => name.startsWith(`${given.module}.`))).toBe(false);
    const [output] = await outputsOf(network, [Float32Array.from(given.input.data)], given.input.shape[0] ?? 1);
    expect(worstDifference(output ?? [], given.output.data)).toBeLessThan(1e-5);
  },
);

test.each(cases.map((each) => [each.kind, each] as const))("%s gives PyTorch's tensors back", (_, given) => {
  const network = networkOf(given);
  importPyTorch(network, file, { byName: true });
  const written = decodeSafetensors(exportPyTorch(network), "the file");
  const own = [...tensors].filter(([name]) => name.startsWith(`${given.module}.`) && !name.endsWith("tracked"));
  expect([...written.keys()].sort()).toEqual(own.map(([name]) => name).sort());
  const summed = ["simpleRnn", "lstm", "bidirectional"].includes(given.kind);
  for (const [name, { shape, data }] of own) {
    expect(written.get(name)?.shape).toEqual(shape);
    if (!summed || !name.includes("bias")) expect([...(written.get(name)?.data ?? [])]).toEqual([...data]);
  }
  // Two biases became one: their sum, and zeros.
  const again = networkOf(given);
  importPyTorch(again, exportPyTorch(network));
  expect(again.getWeights()).toEqual(network.getWeights());
});

test("modules have names of their own, those of other layers stay", () => {
  const parts = [
    layers.dense(2, { inputShape: [3] }),
    layers.dense(4),
    layers.glu(),
    layers.einsumDense("bi,io->bo", [2]),
  ];
  const network = sequential(parts);
  const names = { dense_1: "fc1", dense_2: "head.fc2" };
  const bytes = exportPyTorch(network, { names });
  const found = decodeSafetensors(bytes, "the file");
  expect([...found.keys()]).toEqual([
    "fc1.weight",
    "fc1.bias",
    "head.fc2.weight",
    "head.fc2.bias",
    "einsumDense_1.kernel",
  ]);
  expect(found.get("fc1.weight")?.shape).toEqual([2, 3]);
  const other = sequential(
    parts.map(({ definition }) =>
      createLayer(definition.kind, {
        ...definition.options,
        ...(definition.inputShape && { inputShape: definition.inputShape }),
      }),
    ),
    { seed: 5 },
  );
  expect(importPyTorch(other, bytes, { names }).taken.length).toBe(5);
  expect(other.getWeights()).toEqual(network.getWeights());
});

test("what does not fit is refused, and nothing is changed", () => {
  const network = sequential([layers.dense(2, { inputShape: [3], name: "fc" })]);
  const before = network.parameters.slice();
  const tensor = (shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
  const of = (entries: [string, number[]][]) =>
    new Uint8Array(Buffer.concat(encodeSafetensors(new Map(entries.map(([name, shape]) => [name, tensor(shape)])))));
  const good: [string, number[]][] = [
    ["fc.weight", [2, 3]],
    ["fc.bias", [2]],
  ];
  expect(() =>
    importPyTorch(
      network,
      of([
        ["fc.weight", [3, 2]],
        ["fc.bias", [2]],
      ]),
    ),
  ).toThrow(/"fc.weight" has the shape \[3, 2\]. Expected \[2, 3\], for fc\/kernel/);
  expect(() => importPyTorch(network, of(good.slice(1)))).toThrow(/found no fc\/kernel/);
  expect(() => importPyTorch(network, of([...good, ["other.weight", [1]]]))).toThrow(/found other.weight/);
  expect(() => importPyTorch(network, of(good).subarray(0, 80))).toThrow(/cannot be read/);
  expect(() => importPyTorch(network, of(good), { names: { dense: "fc" } })).toThrow(/dense/);
  expect(network.parameters).toEqual(before);
});
