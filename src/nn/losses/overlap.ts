import { type Tensor, where } from "../../tensor/index.ts";
import { checkWord } from "../checks.ts";
import type { LossOptions } from "./loss.ts";

export interface OverlapOptions extends LossOptions {
  /**
   * What is measured as one region: every "sample", the default (Milletari et al., 2016), or the whole "batch" (Keras's
   * axis=None), which then counts as one number.
   */
  over?: "sample" | "batch";
}

export function checkOver(where: string, over: unknown): void {
  checkWord(where, "over", over, ["sample", "batch"]);
}

/** 0 where places are padded; and which samples have any other, [batch]. */
export function withoutPadding(mask: Tensor | undefined) {
  if (!mask) return { kept: (x: Tensor) => x, traits: {} };
  const kept = (x: Tensor) => {
    const places = mask.reshape([...mask.shape, ...x.shape.slice(mask.rank).map(() => 1)]);
    return where(places, x, 0);
  };
  const counted = mask.reshape([mask.shape[0] ?? 1, -1]).any({ axis: 1 });
  return { kept, traits: { counted, masked: true } };
}

/** Sums of each sample, [batch]; or of the whole batch, the same for every sample. */
export function regionSums(x: Tensor, over: OverlapOptions["over"]): Tensor {
  const batch = x.shape[0] ?? 1;
  if (over !== "batch") return x.reshape([batch, -1]).sum({ axis: 1 });
  return x.sum().broadcastTo([batch]);
}
