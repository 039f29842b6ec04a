import type { Network } from "../../nn/index.ts";
import type { SavedTensor } from "../../util/index.ts";
import { fail, sameShape } from "../../util/index.ts";
import { OPTIMIZER } from "./format.ts";

/** The values of each weight, found by `nameOf(path)`; their shapes must be the network's. */
export function valuesFor(
  network: Network,
  tensors: ReadonlyMap<string, SavedTensor>,
  file: string,
  nameOf: (path: string) => string,
  everything: boolean,
): Record<string, Float32Array> {
  const wanted = network.weights.filter(({ trainable }) => trainable || everything);
  return Object.fromEntries(
    wanted.map(({ path, shape }) => {
      const name = nameOf(path);
      const found = tensors.get(name);
      if (!found || !sameShape(found.shape, shape)) {
        const what = found ? `has the shape [${found.shape.join(", ")}]` : "is missing";
        fail(`${file}: "${name}" ${what}`, `a tensor of shape [${shape.join(", ")}]`, "save the model again");
      }
      return [path, found.data];
    }),
  );
}

/** "slot/layer/weight" tensors as one flat vector per slot. */
export function slotsFor(network: Network, tensors: ReadonlyMap<string, SavedTensor>): Map<string, Float32Array> {
  const names = new Set([...tensors.keys()].map((name) => name.slice(0, name.indexOf("/"))));
  const flat = [...names].map((slot): [string, Float32Array] => {
    const values = valuesFor(network, tensors, OPTIMIZER, (path) => `${slot}/${path}`, false);
    const vector = new Float32Array(network.lengths.parameters);
    for (const { path, trainable, offset } of network.weights) if (trainable) vector.set(values[path] ?? [], offset);
    return [slot, vector];
  });
  return new Map(flat);
}
