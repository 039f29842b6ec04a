import type { ForwardResult, Network } from "../nn/index.ts";
import type { Optimizer, Segment } from "../optim/index.ts";
import { gradients, randomKey, type Tensor, zeros } from "../tensor/index.ts";
import type { TracedBatch } from "./batch-program.ts";
import { slotKey } from "./memory.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** The gradient of a loss by all trainable weights, in the order of the flat vector of parameters. */
export function flatGradient(network: Network, loss: Tensor, weights: Tensors): Tensor {
  const paths = trainable(network).map(({ path }) => path);
  const slopes = gradients(
    loss,
    paths.map((path) => weights[path] as Tensor),
  );
  return network.packParameters(Object.fromEntries(paths.map((path, i) => [path, slopes[i] as Tensor])));
}

/** Each trainable weight's place in the flat vector. */
export function segmentsOf(network: Network): Segment[] {
  return trainable(network);
}

/** The optimizer's slots among a program's state, under the optimizer's own names. */
export function slotsOf(optimizer: Optimizer, state: Tensors): Record<string, Tensor> {
  return Object.fromEntries(Object.keys(optimizer.slots).map((name) => [name, state[slotKey(name)] as Tensor]));
}

/** The inverse: slots under their names in a program's state. */
export function namedSlots(slots: Tensors): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(slots).map(([name, slot]) => [slotKey(name), slot]));
}

/** True for numbers that float32 can hold, also on an engine that computes in more than float32. */
export function isSound(x: Tensor): Tensor {
  return x.abs().lessEqual(3.4028234663852886e38);
}

/** The new state where `condition` holds, the old one where it does not. */
export function keptUnless(
  condition: Tensor,
  next: Readonly<Record<string, Tensor | undefined>>,
  old: Tensors,
): Record<string, Tensor> {
  const changed = Object.entries(next).filter((entry): entry is [string, Tensor] => entry[1] !== undefined);
  return Object.fromEntries(changed.map(([name, value]) => [name, condition.where(value, old[name] as Tensor)]));
}

function trainable(network: Network) {
  return network.weights.filter((weight) => weight.trainable);
}

/** The network as it is used, not trained. A layer that draws random numbers even then always draws the same. */
export function inference(network: Network, { parameters, moving, frozen, inputs }: TracedBatch): ForwardResult {
  const none = zeros([1]); // stands for the parameters of a network that has none
  return network.forward(inputs, parameters ?? none, moving, { training: false, key: randomKey(0), frozen });
}
