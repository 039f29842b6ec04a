import type { Model } from "descent";
import type { OptimizerSpec } from "./task.ts";

/**
 * Floating point operations of one training step: two for each multiply-add of dense layers, convolutions, recurrent layers and attention (its
 * projections, and queries by keys by values), forward, for the weights' gradient, and (but not for what the inputs flow into) for the inputs' gradient.
 * Everything else is left out, as is usual.
 */
export function flopOf(network: Model, batch: number): number {
  let total = 0;
  for (const { weights, calls } of network.layers) {
    const kernel = weights.find(({ path }) => path.endsWith("/kernel"));
    for (const { shape, origin } of calls) {
      if (origin.layer.kind === "multiHeadAttention") {
        const [places = 1, width = 1] = shape;
        const projections = weights.reduce((sum, { shape, size }) => sum + (shape.length === 2 ? size : 0), 0);
        total += 3 * 2 * batch * places * (projections + 2 * places * width);
        continue;
      }
      const recurrent = weights.find(({ path }) => path.endsWith("/recurrentKernel"));
      if (kernel && recurrent) {
        total += 3 * 2 * batch * (origin.inputs[0]?.shape[0] ?? 1) * (kernel.size + recurrent.size);
        continue;
      }
      const products = (kernel?.size ?? 0) / (kernel?.shape.at(-1) ?? 1);
      const forward = 2 * batch * products * shape.reduce((size, axis) => size * axis, 1);
      const first = origin.inputs.every((input) => network.inputs.includes(input));
      total += forward * (first ? 2 : 3);
    }
  }
  return total;
}

/** What an optimizer keeps for each parameter. */
export const slotsOf = ({ kind }: OptimizerSpec): number => (kind === "sgd" ? 1 : 2);

/**
 * The least bytes that a training step moves: every parameter and every slot of the optimizer is read and written once (4 bytes each
 * way), every number of the input is read once. Gradients and activations count nothing: what a perfect program does could keep them
 * in caches. So this is a lower bound for every library and every batch.
 */
export function leastBytes(network: Model, batch: number, optimizer: OptimizerSpec): number {
  const parameters = network.parameters.length * (1 + slotsOf(optimizer));
  const inputs = network.inputs.reduce((total, { shape }) => total + shape.reduce((size, axis) => size * axis, 1), 0);
  return 8 * parameters + 4 * batch * inputs;
}
