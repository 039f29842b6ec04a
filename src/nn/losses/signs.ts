import type { Tensor } from "../../tensor/index.ts";
import { aligned } from "./loss.ts";

/** Labels as -1 and 1: 0 counts as -1 (Keras). */
export function signs(yTrue: Tensor, yPred: Tensor, where: string): Tensor {
  const y = aligned(yTrue, yPred, where);
  return y.equal(0).where(-1, y);
}

/** 1 - y yPred, or 0 where that is negative. */
export function hingeOf(yTrue: Tensor, yPred: Tensor, where: string): Tensor {
  return signs(yTrue, yPred, where).mul(yPred).neg().add(1).relu();
}
