import { CASES, type Case } from "./cases.ts";
import { flopOf, leastBytes } from "./cost.ts";
import type { LayerSpec, TrainingTask } from "./task.ts";

/** Libraries agree where nothing is random, and "same" padding is the same on both sides (it is not where strides are above 1). */
function isExact(layers: readonly LayerSpec[]): boolean {
  return layers.every(
    ({ kind, options }) => kind !== "dropout" && !(options.padding === "same" && Number(options.strides ?? 1) > 1),
  );
}

/** The case, said without Descent. */
export function trainingTask(suite: Case): TrainingTask {
  const { name, batch, steps, loss, optimizer, build } = suite;
  const network = build();
  const [input, ...rest] = network.toConfig().layers;
  const layers = rest.map(
    (each, i): LayerSpec => ({
      name: each.name,
      kind: each.kind,
      options: each.options,
      inputs: each.calls?.[0]?.map(String) ?? [(rest[i - 1] ?? input)?.name ?? ""],
    }),
  );
  return {
    kind: "training",
    name,
    batch,
    steps,
    inputShape: input?.options.shape as number[],
    places: loss === "crossEntropy" ? (network.outputs[0]?.shape.slice(0, -1) ?? []) : [],
    tokens: (network.inputs[0] && network.lookupOf(network.inputs[0])?.indices) ?? 0,
    classes: loss === "crossEntropy" ? (network.outputs[0]?.shape.at(-1) ?? 1) : 2,
    layers,
    weights: network.weights.map(({ path, shape, trainable }) => ({ path, shape: [...shape], trainable })),
    loss,
    optimizer,
    exact: isExact(layers),
    flop: flopOf(network, batch),
    bytes: leastBytes(network, batch, optimizer),
  };
}

/** The suite. */
export const trainingTasks = (): TrainingTask[] => CASES.map(trainingTask);
