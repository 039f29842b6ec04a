import type { Augment } from "../nn/index.ts";
import { type RandomKey, Tensor } from "../tensor/index.ts";
import { fail, formatShape, sameShape } from "../util/index.ts";
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
  const change = (x: Tensor, changed: unknown, what: string): Tensor => {
    if (changed instanceof Tensor && sameShape(changed.shape, x.shape)) return changed;
    const found = changed instanceof Tensor ? `a tensor of shape ${formatShape(changed.shape)}` : String(changed);
    fail(`augment gave ${what}${found}`, `a tensor of the shape that it got, ${formatShape(x.shape)}`);
  };
  const seen = inputs.map((x) => change(x, augment(x, own), ""));
  const { targets: mix } = augment;
  if (!mix) return { seen, wanted: targets };
  scorer.checkMixed();
  return { seen, wanted: targets.map((y) => change(y, mix(y, own, inputs[0] as Tensor), "targets: ")) };
}
