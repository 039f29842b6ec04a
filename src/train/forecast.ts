import { type Tensor, tensor } from "../tensor/index.ts";
import { checkOptions, fail, formatShape, product, type Shape } from "../util/index.ts";
import { type ArrayData, readColumn } from "./column.ts";
import { checkInteger } from "./fit-options.ts";
import type { Model } from "./model.ts";

/** Options of {@link forecast}. */
export interface ForecastOptions {
  /** Steps to forecast; default as many as the model gives at once. */
  steps?: number | undefined;
}

/**
 * What comes after a series, [steps, features]. The model is one from the last `length` steps [length, features] to the next ones
 * [horizon, features] (or [features], or [horizon] for one feature); for more steps than that it is given its own forecasts.
 *
 * @param history the steps so far [steps, features] (or [steps]), at least `length` of them.
 * @throws DescentError for other models, and a history that is too short.
 * @example
 * const model = sequential([layers.flatten({ inputShape: [4, 1] }), layers.dense(2)]); // 4 steps to the next 2
 * model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 * const next = await forecast(model, [1, 2, 3, 4, 5], { steps: 7 });
 * next.shape; // [7, 1]
 */
export async function forecast(model: Model, history: ArrayData, options: ForecastOptions = {}): Promise<Tensor> {
  checkOptions("forecast", options, ["steps"]);
  const { length, features, horizon } = shapesOf(model);
  const steps = options.steps ?? horizon;
  checkInteger("forecast", "steps", steps, 1);
  const column = await readColumn("history", history);
  if (column.rowSize !== features) fail(`history has ${column.rowSize} features`, `${features}, as the model`);
  if (column.rows < length) fail(`history has ${column.rows} steps`, `at least ${length}, which the model sees`);

  const first = (column.rows - length) * features;
  const seen = new Float32Array((length + steps + horizon) * features); // the last known steps, then the forecast
  seen.set(column.data.subarray(first, first + length * features));
  for (let done = 0; done < steps; done += horizon) {
    const window = seen.slice(done * features, (done + length) * features);
    const next = await model.predict(tensor(window, { shape: [1, length, features] }));
    seen.set(await next.data(), (length + done) * features);
  }
  return tensor(seen.slice(length * features, (length + steps) * features), { shape: [steps, features] });
}

/** What the model sees, and how far it looks. */
function shapesOf(model: Model): { length: number; features: number; horizon: number } {
  const wanted = "a model from [length, features] to [horizon, features]";
  const [input, output] = [model.inputs[0], model.outputs[0]];
  if (!input || !output || model.inputs.length > 1 || model.outputs.length > 1) {
    fail(`forecast got a model of ${model.inputs.length} inputs and ${model.outputs.length} outputs`, wanted);
  }
  const [length = 0, features = 0] = input.shape;
  if (input.shape.length !== 2) fail(`forecast got a model of samples ${formatShape(input.shape)}`, wanted);
  if (!sameFeatures(output.shape, features)) {
    const found = `forecast got a model that gives ${formatShape(output.shape)} for ${features} features`;
    fail(found, `[horizon, ${features}]: what it gives is what it sees next`, "use predict");
  }
  return { length, features, horizon: product(output.shape) / features };
}

function sameFeatures(output: Shape, features: number): boolean {
  if (output.length === 1) return features === 1 || output[0] === features;
  return output.length === 2 && output[1] === features;
}
