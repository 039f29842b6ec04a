import { expect, test } from "vitest";
import { weakness } from "../../src/cli/tabular/report.ts";
import type { PreparedTable } from "../../src/tabular/index.ts";

const tableOf = (task: string) => ({ recipe: { target: { task, name: "price" } } }) as unknown as PreparedTable;

test.each([
  ["regression", { rootMeanSquaredError: 3.7 }, { rootMeanSquaredError: 3.3 }, "always the mean"],
  ["regression", { rootMeanSquaredError: 3.3 }, { rootMeanSquaredError: 3.3 }, "always the mean"],
  ["binary", { logLoss: 0.7, accuracy: 0.9 }, { logLoss: 0.69, accuracy: 0.5 }, "always the most frequent class"],
  ["multi-label", { logLoss: Number.NaN }, { logLoss: 0.3 }, "always every label's share"],
])("a %s that the constant answer does as well as is told: %o, %o", (task, model, constant, name) => {
  const told = weakness({ table: tableOf(task), scores: { model, linear: model, constant } });
  expect(told).toContain(`no better than the answer "${name}"`);
  expect(told).toContain("price");
});

test("nothing is told of a model that is better", () => {
  const scores = { model: { logLoss: 0.2 }, linear: { logLoss: 0.1 }, constant: { logLoss: 0.6 } };
  expect(weakness({ table: tableOf("multi-class"), scores })).toBeUndefined();
});
