import type { DType, Guard, IndexExpression, Reduction, ScalarOp, ScalarType } from "../ir/index.ts";

/**
 * The kernel form: what the passes make of a graph and every code generator renders. Loops over index spaces, loads and stores at
 * affine places in buffers, scalar instructions in between. Nothing in it belongs to one target.
 */

/** A loop index: `id` names it in index expressions, it runs over [0, size). */
export interface Loop {
  readonly id: number;
  readonly size: number;
}

/** Elements of a buffer, by a flat element index over the loops. */
export interface Access {
  /** Number of the buffer in the kernel program. */
  readonly buffer: number;
  readonly dtype: DType;
  readonly index: IndexExpression;
  /** The element exists where all guards hold; elsewhere a load reads `fill`. Quotients in `index` are exact there. Stores have none. */
  readonly guards: readonly Guard[];
  readonly fill: number;
}

/** A value computed at each point of the loops. Shared expressions are computed once. */
export type Expression = ScalarExpression | LoadExpression | GatherExpression | IndexValue | ResultExpression;

interface Typed {
  /** Lane type: bool memory loads as mask, uint8 as u32. */
  readonly type: ScalarType;
}

/** An instruction of the scalar set (never "arg"); "const" carries `value`. */
export interface ScalarExpression extends Typed {
  readonly kind: "scalar";
  readonly op: ScalarOp;
  readonly args: readonly Expression[];
  readonly value?: number;
}

export interface LoadExpression extends Typed {
  readonly kind: "load";
  readonly access: Access;
}

/** A load at access.index + stride * row, where `row` (i32) is computed; `fill` where row is outside [0, rows). */
export interface GatherExpression extends Typed {
  readonly kind: "gather";
  readonly access: Access;
  readonly row: Expression;
  readonly rows: number;
  readonly stride: number;
}

/** The value of an index expression, as i32. */
export interface IndexValue extends Typed {
  readonly kind: "index";
  readonly index: IndexExpression;
}

/** The result of reduction number `reduction` of the same kernel (a contraction's sum is number 0). */
export interface ResultExpression extends Typed {
  readonly kind: "result";
  readonly reduction: number;
}

export interface Store {
  readonly access: Access;
  readonly value: Expression;
}

export interface KernelReduction {
  /** Number by which later stages refer to the result. */
  readonly id: number;
  readonly reduction: Reduction;
  readonly value: Expression;
  /** argmax: the number of the element within its group, over the stage's inner loops. Its result is i32. */
  readonly position?: IndexExpression;
}

/**
 * One pass over the inner loops at one point of the outer loops: reductions over them, or stores at every point (or both). The values
 * of all stores at a point are computed before the first is stored: one may be stored where another was read.
 */
export interface Stage {
  /** Empty: done once per outer point. */
  readonly inner: readonly Loop[];
  readonly reductions: readonly KernelReduction[];
  readonly stores: readonly Store[];
}

/**
 * Independent points of the outer loops; at each the stages run in order. `vector` is the loop along which neighbouring elements are
 * to be computed together: one of the outer loops (reductions then have one accumulator per lane), or "inner": the last inner loop of
 * each stage (accumulators are combined at the stage's end).
 */
export interface LoopKernel {
  readonly kind: "loop";
  readonly name: string;
  readonly outer: readonly Loop[];
  readonly stages: readonly Stage[];
  readonly vector: number | "inner";
}

/** sum over depth of a * b at every point of batch x rows x columns, stored through an epilogue that sees the sum as result 0. */
export interface ContractionKernel {
  readonly kind: "contraction";
  readonly name: string;
  readonly batch: readonly Loop[];
  readonly rows: readonly Loop[];
  readonly columns: readonly Loop[];
  readonly depth: readonly Loop[];
  /** Over batch, rows and depth; float32. */
  readonly a: Access;
  /** Over batch, depth and columns; float32. */
  readonly b: Access;
  /** "bfloat16": elements of a and b are rounded to it before they are multiplied. */
  readonly precision?: "bfloat16" | undefined;
  readonly stores: readonly Store[];
}

/** `count` random elements, contiguous in `target`, as the random op says. Key and counter: words at the start of their accesses. */
export interface RandomKernel {
  readonly kind: "random";
  readonly name: string;
  readonly key: Access;
  readonly counter: Access;
  readonly target: Access;
  readonly count: number;
  readonly stream: number;
}

/**
 * target[indices[i], j] += updates[i, j], or = where it `replaces`, over i < count, j < width, in order of i. All contiguous. What the
 * target's rows are before: zeros, a copy of `base`, or what lies there.
 */
export interface ScatterKernel {
  readonly kind: "scatter";
  readonly name: string;
  readonly indices: Access;
  readonly updates: Access;
  readonly target: Access;
  readonly base: Access | "zeros" | "target";
  readonly replaces: boolean;
  readonly count: number;
  readonly width: number;
  readonly rows: number;
}

/** Kernels that run `count` times, one turn after the other: a loop of the graph. */
export interface RepeatKernel {
  readonly kind: "repeat";
  readonly name: string;
  readonly count: number;
  readonly steps: readonly KernelStep[];
  /** The buffers whose place moves from turn to turn of this loop. */
  readonly windows: readonly number[];
  /** All workers must have finished a turn before the next one starts. */
  readonly barrier: boolean;
}

export type Kernel = LoopKernel | ContractionKernel | RandomKernel | ScatterKernel | RepeatKernel;

/** A part of buffer `of` that moves on: at turn i of the loop it starts at element first + stride * (i + phase), the latter mod `period`. */
export interface Window {
  readonly kind: "window";
  readonly of: number;
  readonly first: number;
  readonly stride: number;
  /** Two places take turns; undefined: it never comes back. */
  readonly period?: number;
  readonly phase?: number;
}

/**
 * Where a buffer's memory is. Arena and constant buffers are the engine's own, windows lie in others; the rest is bound by the caller.
 */
export type BufferPlace =
  | { readonly kind: "input" | "state" | "output"; readonly index: number }
  | { readonly kind: "data"; readonly index: number }
  | { readonly kind: "arena"; readonly offset: number }
  | Window;

export interface KernelBuffer {
  readonly dtype: DType;
  readonly length: number;
  readonly place: BufferPlace;
}

/** An op that a kernel computes, and the scope that it was built in. */
export interface KernelPart {
  readonly op: string;
  readonly scope: string;
}

/** Kernels in order of execution. */
export interface KernelStep {
  readonly kernel: Kernel;
  /** All workers must have finished the earlier steps before this one starts. */
  readonly barrier: boolean;
  /** Split among workers; otherwise it is so small that one of them does it. */
  readonly parallel: boolean;
  /** Layer path of the work, for profiles. */
  readonly scope: string;
  /** All that it computes, the main op first; for profiles. */
  readonly parts: readonly KernelPart[];
}

/** A whole program in kernel form. */
export interface KernelProgram {
  readonly name: string;
  readonly buffers: readonly KernelBuffer[];
  readonly steps: readonly KernelStep[];
  /** Bytes of the arena that holds all intermediates. */
  readonly arenaBytes: number;
  /** The most bytes of intermediates that are needed at one step: no arena for these kernels in this order is smaller. */
  readonly liveBytes: number;
  /** Rough number of elementary operations of one run. */
  readonly work: number;
}
