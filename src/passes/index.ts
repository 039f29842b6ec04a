export { type CompiledKernels, compileKernels, workOf } from "./compile.ts";
export { contractionAsLoops } from "./contraction-loops.ts";
export { factorSums } from "./factor-sums.ts";
export type * from "./kernel.ts";
export { forEachAccess } from "./loop-kernel.ts";
export { coefficientOf, collapseContraction } from "./loop-layout.ts";
export { forEachPart } from "./lower.ts";
export { simplify } from "./simplify.ts";
export { splitReductions } from "./split-reductions.ts";
