import type { Augment } from "../nn/index.ts";
import { givenTensor, type RandomKey, type Tensor } from "../tensor/index.ts";
import type { Scorer } from "./scorer.ts";

/** A batch as a training step sees it; the fold sets augmentation's random numbers apart from those of layers. */
export function augmented(
  augment: Augment | undefined,
  inputs: readonly Tensor[],
  targets: readonly Tensor[],
  scorer: Scorer,
  key: RandomKey,
): { readonly seen: readonly Tensor[]; readonly wanted: readonly Tensor[] } {
  if (!augment) return { seen: inputs, wanted: targets };
  const own = key.fold(0xa09);
  const seen = inputs.map((x) => givenTensor(augment(x, own), "augment", x.shape));
  const { targets: mix } = augment;
  if (!mix) return { seen, wanted: targets };
  scorer.checkMixed();
  return {
    seen,
    wanted: targets.map((y) => givenTensor(mix(y, own, inputs[0] as Tensor), "augment of targets", y.shape)),
  };
}
