import { product, type Shape } from "../util/index.ts";

/** Inputs and outputs of a unit, from a weight's shape: [in, out] or [...kernel, in, out] (Keras's compute_fans). */
export function fans(shape: Shape): { fanIn: number; fanOut: number; fanAvg: number } {
  const last = shape.at(-1) ?? 1;
  const receptiveField = product(shape.slice(0, -2));
  const fanIn = (shape.at(-2) ?? last) * receptiveField;
  const fanOut = last * receptiveField;
  return { fanIn, fanOut, fanAvg: (fanIn + fanOut) / 2 };
}
