/**
 * Linear regression: a car's miles per gallon from its horsepower and weight, on real cars of the 1970s (npm: vega-datasets).
 * One dense layer, trained by gradient descent, ends where the closed-form solution is.
 *
 *     npx tsx examples/linear-regression.ts
 */
import { layers, type Model, optimizers, sequential } from "descent";
import { cleanMissing, standardScaler, tableColumns, trainTestSplit, vegaTable } from "descent/data";
import { startedDirectly } from "./direct.ts";

export function network(seed: number): Model {
  return sequential([layers.dense(1, { inputShape: [2] })], { seed });
}

export async function main({ verbose = "auto", seed = 1 }: { verbose?: 0 | 1 | "auto"; seed?: number } = {}) {
  // Some cars lack a number: leave them out.
  const cars = tableColumns(await vegaTable("cars"), ["Horsepower", "Weight_in_lbs", "Miles_per_Gallon"]);
  const { data, report } = await cleanMissing(cars, { strategy: "drop" });
  const x = data.map((car) => car.slice(0, 2));
  const y = data.map((car) => car.slice(2));
  const [xTrain, xTest, yTrain, yTest] = trainTestSplit(x, y, { testSize: 0.2, seed });

  // Both features to mean 0 and standard deviation 1, learned from the training cars only.
  const scaler = await standardScaler().fit(xTrain);
  const [scaledTrain, scaledTest] = [scaler.transform(xTrain), scaler.transform(xTest)];

  const model = network(seed);
  const optimizer = optimizers.gradientDescent({ learningRate: 0.1 });
  model.compile({ optimizer, loss: "meanSquaredError", metrics: ["r2"] });
  await model.fit(scaledTrain, yTrain, { epochs: 500, batchSize: xTrain.length, seed, verbose });
  const { r2 } = await model.evaluate(scaledTest, yTest);
  const weights = [...model.parameters]; // a coefficient per feature, then the constant

  const exact = leastSquares((await scaledTrain.array()) as number[][], yTrain.flat());
  const exactR2 = rSquared((await scaledTest.array()) as number[][], yTest.flat(), exact);
  return { r2: r2 as number, weights, exact, exactR2, cars: data.length, cleaning: report.summary };
}

/** The coefficients, then the constant, that minimize the squared error: (A^T A) w = A^T y, solved by elimination. */
export function leastSquares(x: readonly (readonly number[])[], y: readonly number[]): number[] {
  const a = x.map((row) => [...row, 1]);
  const size = a[0]?.length ?? 0;
  const indices = Array.from({ length: size }, (_, i) => i);
  const dot = (f: (row: number) => number) => a.reduce((sum, _, row) => sum + f(row), 0);
  const system = indices.map((i) => [
    ...indices.map((j) => dot((row) => a[row]![i]! * a[row]![j]!)),
    dot((row) => a[row]![i]! * y[row]!),
  ]);
  for (const i of indices) {
    const pivot = system[i]!; // the matrix is positive definite: no exchange of rows is needed
    for (const other of system) {
      if (other === pivot) continue;
      const factor = other[i]! / pivot[i]!;
      for (let j = i; j <= size; j++) other[j]! -= factor * pivot[j]!;
    }
  }
  return indices.map((i) => system[i]![size]! / system[i]![i]!);
}

/** R2: the share of the variance of y that the line explains. */
export function rSquared(x: readonly (readonly number[])[], y: readonly number[], w: readonly number[]): number {
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const predicted = x.map((row) => row.reduce((sum, value, i) => sum + value * w[i]!, w[row.length]!));
  const left = y.reduce((sum, value, i) => sum + (value - predicted[i]!) ** 2, 0);
  const all = y.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return 1 - left / all;
}

if (startedDirectly(import.meta.url)) {
  const { r2, weights, exact, exactR2, cars, cleaning } = await main();
  const equation = ([power, weight, constant]: number[]) =>
    `${constant?.toFixed(4)} + ${power?.toFixed(4)} * horsepower + ${weight?.toFixed(4)} * weight`;
  console.log(`\n${cleaning} ${cars} cars remain; both features are standardized.`);
  console.log(`  descent:     miles per gallon = ${equation(weights)}   R2 on new cars ${r2.toFixed(5)}`);
  console.log(`  closed form: miles per gallon = ${equation(exact)}   R2 on new cars ${exactR2.toFixed(5)}`);
}
