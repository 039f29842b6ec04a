import type { Tensor } from "../../tensor/index.ts";
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

/** Sums of each sample, [batch]; or of the whole batch, the same for every sample. */
export function regionSums(x: Tensor, over: OverlapOptions["over"]): Tensor {
  const batch = x.shape[0] ?? 1;
  if (over !== "batch") return x.reshape([batch, -1]).sum({ axis: 1 });
  return x.sum().broadcastTo([batch]);
}
