import type { Guard, IndexExpression, Reduction, ScalarOp, ScalarType } from "../ir/index.ts";
import type { Access, Loop } from "../passes/index.ts";

/** Whether a value is one number, or one per lane. */
export type Width = "scalar" | "vector";

/** A value that can be replaced. */
export interface Variable<V, S> {
  readonly value: V;
  /** The statement that replaces it. */
  set(value: V): S;
}

/** A loop index that is a digit of the number of a unit of work. */
export type Digit = Loop;

/** The points of a loop that are walked a vector at a time: all, or the segment whose number is another loop's index. */
export interface LaneRange {
  readonly loop: Loop;
  /** The loop that counts segments, and the points of each: a multiple of every vector's length. */
  readonly segment?: { readonly loop: Loop; readonly length: number };
  /** Vectors done in one turn, default 1; a loop in turns of several is a whole number of turns. */
  readonly vectors?: number;
}

/**
 * What kernels are written in: the instructions of a target. `V` is a value (C text, WebAssembly code), computed where it is used unless
 * it was held; `S` is a statement; blocks are lists of statements that run in order.
 *
 * Masks are all bits or none in a lane. Numbers of loops name their indices; an index may be used inside of its loop only.
 */
export interface Assembler<V, S> {
  /** Lanes of a vector. */
  readonly lanes: number;

  literal(value: number, type: ScalarType): V;
  /** A scalar in every lane. */
  splat(value: V, type: ScalarType): V;
  /** A vector mask: true in the first `count` lanes. */
  firstLanes(count: number): V;
  /** One instruction: `from` is the operands' type, `type` the result's. */
  instruction(op: ScalarOp, type: ScalarType, from: ScalarType, args: readonly V[], width: Width): V;

  /** Computes a value now, for use any number of times. */
  hold(value: V, type: ScalarType, width: Width, block: S[]): V;
  variable(value: V, type: ScalarType, width: Width, block: S[]): Variable<V, S>;

  /** An index expression as i32: at this point (or, in `eachLane`, at its lane), or in every lane along the loop `vector`. */
  index(index: IndexExpression): V;
  indexLanes(index: IndexExpression, vector: number): V;

  /** The element at this point (or, in `eachLane`, at its lane); guards are not looked at. */
  element(access: Access, type: ScalarType): V;
  /** `count` neighbouring elements in the first lanes. */
  contiguous(access: Access, type: ScalarType, count: number): V;
  /** The element at access.index + stride * row; 0 where the row is outside of [0, rows). */
  gathered(access: Access, row: V, rows: number, stride: number, type: ScalarType): V;
  /** `value` where all guards hold, computed only there. */
  guarded(guards: readonly Guard[], value: V, otherwise: V, type: ScalarType, width: Width): V;

  /** A vector made lane by lane along the loop `vector`: `value` is asked for elements at one lane after the other. */
  eachLane(type: ScalarType, vector: number, count: number, block: S[], value: () => V): V;
  /** Inside of `eachLane`: this lane of a vector. */
  lanesOf(value: V, type: ScalarType, block: S[]): () => V;

  storeElement(access: Access, value: V): S;
  /** Stores the first `count` lanes at places along the loop `vector`. */
  storeLanes(access: Access, value: V, vector: number, count: number): S;

  /** The lanes of an accumulator as one value, in a fixed order; with the place of the greatest for argmax. */
  combine(reduction: Reduction, type: ScalarType, accumulator: V, position: V | undefined, block: S[]): V;

  /** Walks a loop. */
  loop(loop: Loop, block: S[], body: (inner: S[]) => void): void;
  /** Walks a range a vector at a time; `body` is written for whole vectors, and again for the lanes of a last part if there is one. */
  lanesLoop(range: LaneRange, block: S[], body: (inner: S[], count: number) => void): void;
  /** Walks this worker's share of all combinations of digits, the last running fastest. */
  share(digits: readonly Digit[], block: S[], body: (inner: S[]) => void): void;
}
