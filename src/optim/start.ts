import type { Tensor } from "../tensor/index.ts";

/** A slot that begins as the parameters: they stand for it in the first step, so that it needs no initial value. */
export function fromStart(step: Tensor, parameter: Tensor, slot: Tensor): Tensor {
  return step.lessEqual(1).where(parameter, slot);
}
