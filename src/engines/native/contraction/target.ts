import { arch } from "node:os";
import { contractionTarget, type Target } from "../../../codegen/index.ts";

/** This machine: AVX-512 and 64-bit ARM have 32 vector registers, older instruction sets 16. */
export function hostTarget(vectorBytes: 16 | 32 | 64): Target {
  return contractionTarget(vectorBytes, vectorBytes === 64 || arch() === "arm64" ? 32 : 16);
}
