import { ones, type Tensor } from "../tensor/index.ts";
import { both } from "./attention/mask.ts";

type Masks = readonly (Tensor | undefined)[];

/** Places that count in all inputs, of those that say anything of theirs: bool [batch, places] (Keras 2, and Keras 3 where features are joined). */
export function sharedMask(inputs: readonly Tensor[], masks: Masks): Tensor | undefined {
  const shared = masks.reduce(both, undefined);
  const places = Math.max(...inputs.map(({ shape }) => shape[1] ?? 1));
  return shared?.broadcastTo([shared.shape[0] ?? 1, places]);
}

/** Masks of sequences that follow each other, all of them true where an input says nothing; undefined when none says anything. */
export function masksInRow(inputs: readonly Tensor[], masks: Masks): readonly Tensor[] | undefined {
  if (!masks.some((mask) => mask !== undefined)) return undefined;
  return inputs.map(({ shape }, i) => masks[i] ?? ones([shape[0] ?? 1, shape[1] ?? 1]).cast("bool"));
}
