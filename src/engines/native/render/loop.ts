import { writeLoop } from "../../../codegen/index.ts";
import type { LoopKernel } from "../../../passes/index.ts";
import { CAssembler } from "./assembler.ts";
import { Pointers } from "./pointers.ts";

/** A kernel function: its text without the name, and the addresses its callers pass. */
export interface RenderedKernel {
  readonly body: string;
  readonly actual: readonly string[];
}

/** C of a loop kernel. */
export function renderLoop(kernel: LoopKernel, vectorBytes: number): RenderedKernel {
  const pointers = new Pointers();
  const lines: string[] = [];
  writeLoop(kernel, new CAssembler(pointers, vectorBytes / 4), lines);
  return { body: ["{", ...pointers.declarations(), ...lines, "}"].join("\n"), actual: pointers.actual() };
}
