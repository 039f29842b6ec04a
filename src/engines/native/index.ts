import type { Availability } from "../../engine/index.ts";

/** The engine that renders kernels to C and compiles them with the system's compiler. */
export async function openNativeEngine(): Promise<Availability> {
  return { reason: "it is being built" };
}
