import { layers, type Model, type NestedNumbers, sequential, type Terminal } from "../../src/index.ts";
import { HostRandom } from "../../src/util/index.ts";

/** Numbers of two features and the class (0 or 1) that a line through the plane gives them. */
export function lineData(rows: number, seed = 1): { x: number[][]; y: number[][] } {
  const random = new HostRandom(seed);
  const x = Array.from({ length: rows }, () => [random.normal(), random.normal()]);
  return { x, y: x.map(([a = 0, b = 0]) => [a - 2 * b > 0.2 ? 1 : 0]) };
}

/** A small classifier of two features, not compiled. */
export function classifier(seed = 0): Model {
  return sequential(
    [
      layers.dense(8, { activation: "tanh", inputShape: [2] }),
      layers.dropout(0.2),
      layers.dense(1, { activation: "sigmoid" }),
    ],
    { seed },
  );
}

/** A terminal that remembers what was written. */
export class Paper implements Terminal {
  text = "";
  constructor(
    readonly interactive = false,
    readonly columns = 80,
  ) {}
  write(text: string): void {
    this.text += text;
  }
  get lines(): string[] {
    return this.text.split("\n").filter(Boolean);
  }
}

/** All weights of a model as one list. */
export function allWeights(model: Model): number[] {
  return [...model.parameters, ...model.moving];
}

/** A linear model trained by hand in float32: y = w x + b, mean of weight * (error squared), plain gradient descent. */
export function linearByHand(
  x: readonly number[],
  y: readonly number[],
  batches: readonly (readonly number[])[],
  learningRate: number,
  weight: (row: number) => number = () => 1,
): { w: number; b: number; losses: number[] } {
  let [w, b] = [0.5, 0];
  const losses: number[] = [];
  for (const rows of batches) {
    let [slopeW, slopeB, loss] = [0, 0, 0];
    for (const row of rows) {
      const error = w * (x[row] ?? 0) + b - (y[row] ?? 0);
      loss += weight(row) * error * error;
      slopeW += (2 * weight(row) * error * (x[row] ?? 0)) / rows.length;
      slopeB += (2 * weight(row) * error) / rows.length;
    }
    losses.push(loss);
    w -= learningRate * slopeW;
    b -= learningRate * slopeB;
  }
  return { w, b, losses };
}

/** The model of {@link linearByHand}. */
export function linearModel(): Model {
  const model = sequential([layers.dense(1, { inputShape: [1] })]);
  model.setWeights({ "dense_1/kernel": [0.5], "dense_1/bias": [0] });
  return model;
}

/** [1, 2] -> [[1], [2]] */
export function column(values: readonly number[]): NestedNumbers {
  return values.map((value) => [value]);
}
