import type { ContractionKernel, Expression, LoopKernel } from "./kernel.ts";
import { chooseVector } from "./loop-layout.ts";

/** A contraction as plain loops with one sum: right for every view, and quickest where packing would not pay. */
export function contractionAsLoops(kernel: ContractionKernel): LoopKernel {
  const load = (access: ContractionKernel["a"]): Expression => ({ kind: "load", type: "f32", access });
  const value: Expression = { kind: "scalar", op: "mul", type: "f32", args: [load(kernel.a), load(kernel.b)] };
  const nest = {
    outer: [...kernel.batch, ...kernel.rows, ...kernel.columns],
    stages: [
      { inner: kernel.depth, reductions: [{ id: 0, reduction: "sum" as const, value }], stores: [] },
      { inner: [], reductions: [], stores: kernel.stores },
    ],
  };
  return { kind: "loop", name: kernel.name, ...nest, vector: chooseVector(nest) };
}
