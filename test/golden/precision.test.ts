import { expect, test } from "vitest";
import { bfloat16, evaluateScalar, scalar } from "../../src/ir/index.ts";
import { compile, conv, gradients, type Tensor, withPrecision } from "../../src/tensor/index.ts";
import { expectClose, forEachEngine } from "../../src/testing/index.ts";
import { asTensor, type GoldenArray, golden } from "./golden.ts";

type Product = Readonly<Record<string, GoldenArray>>;

const {
  numbers,
  matmul,
  conv: convolution,
} = await golden<{
  numbers: { x: GoldenArray; bits: number[] }[];
  matmul: Product[];
  conv: Product[];
}>("precision");

/** The upper half of a float32. */
function halfOf(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  expect(view.getUint16(2)).toBe(0);
  return view.getUint16(0);
}

test("numbers become the bfloat16 that PyTorch makes of them", () => {
  const rounding = bfloat16(scalar.arg(0, "f32"));
  for (const { x, bits } of numbers) {
    expect(x.data.map((value) => halfOf(evaluateScalar(rounding, [value])))).toEqual(bits);
  }
});

await forEachEngine((engine) => {
  const tolerance = engine === "reference" ? { rtol: 1e-6, atol: 1e-8 } : { rtol: 1e-5, atol: 1e-6 };
  const slopes = (y: Tensor, g: Tensor, of: readonly Tensor[]) => [y, ...gradients(y.mul(g).sum(), [...of])];

  test(`${engine}: a matrix product and its gradients are PyTorch's of rounded operands`, async () => {
    const [given] = matmul as [Product];
    const f = compile(
      (a: Tensor, b: Tensor, g: Tensor) =>
        slopes(
          withPrecision("bfloat16", () => a.matmul(b)),
          g,
          [a, b],
        ),
      { engine },
    );
    const found = await f(asTensor(given["a"]!), asTensor(given["b"]!), asTensor(given["g"]!));
    for (const [i, name] of ["y", "da", "db"].entries())
      expectClose(await found[i]!.data(), given[name]!.data, tolerance);
  });

  test(`${engine}: a convolution and its gradients are PyTorch's of rounded operands`, async () => {
    const [given] = convolution as [Product];
    const options = {
      strides: [2, 1],
      padding: [
        [1, 1],
        [0, 1],
      ] as const,
    };
    const f = compile(
      (x: Tensor, w: Tensor, g: Tensor) =>
        slopes(
          withPrecision("bfloat16", () => conv(x, w, options)),
          g,
          [x, w],
        ),
      { engine },
    );
    const found = await f(asTensor(given["x"]!), asTensor(given["w"]!), asTensor(given["g"]!));
    for (const [i, name] of ["y", "dx", "dw"].entries())
      expectClose(await found[i]!.data(), given[name]!.data, tolerance);
  });
});
