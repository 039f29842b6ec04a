import { bfloat16, scalar } from "../ir/index.ts";
import type { ContractionKernel, Expression, LoopKernel } from "./kernel.ts";
import { chooseVector } from "./loop-layout.ts";
import { instantiate } from "./lower.ts";

/** A contraction as plain loops with one sum: right for every view, and quickest where packing would not pay. */
export function contractionAsLoops(kernel: ContractionKernel): LoopKernel {
  const load = (access: ContractionKernel["a"]): Expression => {
    const element: Expression = { kind: "load", type: "f32", access };
    return kernel.precision === "bfloat16" ? instantiate(bfloat16(scalar.arg(0, "f32")), [element]) : element;
  };
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
