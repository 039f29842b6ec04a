import type { ForwardResult, Network } from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { fail } from "../util/index.ts";

/** What a program changes that does not train: states of layers that go on from batch to batch. */
export function carriedState(network: Network, { state }: ForwardResult): Record<string, Tensor> {
  return network.statefulBatch !== undefined && state ? { moving: state } : {};
}

/** Runs from first states, and gives back those that there were. */
export async function withStatesApart<T>(network: Network, run: () => Promise<T>): Promise<T> {
  if (network.statefulBatch === undefined) return run();
  const carried = network.weights.filter(({ carried }) => carried);
  const views = network.getWeights();
  const before = carried.map(({ path }) => Float32Array.from(views[path] ?? []));
  network.resetStates();
  try {
    return await run();
  } finally {
    const now = network.getWeights();
    for (const [i, { path }] of carried.entries()) now[path]?.set(before[i] ?? []);
  }
}

/** Refuses what would take sequences out of their order. */
export function checkOrder(network: Network, shuffle: boolean): void {
  if (network.statefulBatch === undefined || !shuffle) return;
  fail(
    "fit shuffles samples of a model whose layers are stateful",
    "sequences that go on from batch to batch",
    "shuffle: false",
  );
}
