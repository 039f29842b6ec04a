import { expect, test } from "vitest";
import {
  type ConstraintSpec,
  constraintNames,
  type RegularizerSpec,
  regularizerNames,
  resolveConstraint,
  resolveRegularizer,
} from "../../src/nn/index.ts";
import { gradCheck, gradients, type Tensor } from "../../src/tensor/index.ts";
import { compare } from "../../src/testing/compare.ts";
import { forEachEngine } from "../../src/testing/index.ts";
import { asTensor, type GoldenArray, golden, testGroups } from "./golden.ts";

interface GoldenRule {
  readonly name: string;
  readonly rule: { readonly kind: string };
  readonly weight: GoldenArray;
  readonly value: GoldenArray;
  /** Of regularizers. */
  readonly gradient?: GoldenArray;
}

const { regularizers, constraints } = await golden<{ regularizers: GoldenRule[]; constraints: GoldenRule[] }>("rules");

test("every regularizer and constraint has golden numbers", () => {
  const kinds = (rules: readonly GoldenRule[]) => new Set(rules.map(({ rule }) => rule.kind));
  expect(regularizerNames.filter((name) => !kinds(regularizers).has(name))).toEqual([]);
  expect(constraintNames.filter((name) => !kinds(constraints).has(name))).toEqual([]);
});

test.each(regularizers)("$name has right gradients", async ({ rule, weight }) => {
  const penalty = resolveRegularizer(rule as RegularizerSpec);
  expect(await gradCheck((w) => penalty(w), [asTensor(weight)])).toMatchObject({ passed: true });
});

await forEachEngine((engine) => {
  const tolerance = engine === "reference" ? { rtol: 1e-6, atol: 1e-8 } : { rtol: 1e-5, atol: 1e-7 };
  testGroups(engine, new Map([["rules", [...regularizers, ...constraints]]]), (golden) => ({
    inputs: { weight: asTensor(golden.weight) },
    body(given) {
      const weight = given["weight"] as Tensor;
      if (!golden.gradient) return { value: resolveConstraint(golden.rule as ConstraintSpec)(weight) };
      const value = resolveRegularizer(golden.rule as RegularizerSpec)(weight);
      return { value, gradient: gradients(value, [weight])[0] as Tensor };
    },
    check(results) {
      for (const [name, found] of Object.entries(results)) {
        const wanted = golden[name as "value" | "gradient"];
        expect(found.shape).toEqual(wanted?.shape);
        compare(name, found, wanted?.data ?? [], tolerance);
      }
    },
  }));
});
