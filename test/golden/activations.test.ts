import { expect, test } from "vitest";
import { activationRegistry } from "../../src/nn/activation-registry.ts";
import { type ActivationSpec, resolveActivation } from "../../src/nn/index.ts";
import { gradients, type Tensor } from "../../src/tensor/index.ts";
import { compare } from "../../src/testing/compare.ts";
import { forEachEngine } from "../../src/testing/index.ts";
import { asTensor, type GoldenArray, golden, groupBy, testGroups } from "./golden.ts";

interface GoldenActivation {
  readonly name: string;
  readonly activation: string;
  readonly options: Record<string, unknown>;
  readonly input: GoldenArray;
  readonly cotangent: GoldenArray;
  readonly output: GoldenArray;
  readonly gradient: GoldenArray;
  readonly secondGradient: GoldenArray;
}

const { activations } = await golden<{ activations: GoldenActivation[] }>("layers");

test("every activation has golden numbers", () => {
  const covered = new Set(activations.map(({ activation }) => activation));
  expect(activationRegistry.names.filter((name) => !covered.has(name))).toEqual([]);
});

await forEachEngine((engine) => {
  // Inputs reach from -100 to 100 here. Near zero a few of float32's steps at 1 (1.2e-7) are allowed; second derivatives
  // hold differences such as 1 - tanh^2, rounded at 6e-8, times squares of the inner slope: gelu's at 5 is off by 6.6e-6.
  const [rtol, atol, secondAtol] = engine === "reference" ? [1e-6, 1e-9, 1e-9] : [1e-5, 5e-7, 1e-5];
  testGroups(
    engine,
    groupBy(activations, () => "activations"),
    (golden) => ({
      inputs: { x: asTensor(golden.input), cotangent: asTensor(golden.cotangent) },
      body(given) {
        const [x, cotangent] = [given["x"] as Tensor, given["cotangent"] as Tensor];
        const output = resolveActivation({ kind: golden.activation, ...golden.options } as ActivationSpec)(x);
        const [gradient] = gradients(output.mul(cotangent).sum(), [x]) as [Tensor];
        const [secondGradient] = gradients(gradient.mul(cotangent).sum(), [x]) as [Tensor];
        return { output, gradient, secondGradient };
      },
      check(results) {
        for (const name of ["output", "gradient", "secondGradient"] as const) {
          const found = results[name];
          expect(found?.shape).toEqual(golden[name].shape);
          if (found)
            compare(name, found, golden[name].data, { rtol, atol: name === "secondGradient" ? secondAtol : atol });
        }
      },
    }),
  );
});
