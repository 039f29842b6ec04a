import { addIndex, type IndexExpression, indexConstant, indexOf, indexRange, scaleIndex } from "../ir/index.ts";
import { rowMajorStrides, type Shape } from "../util/index.ts";
import type { Loop } from "./kernel.ts";

/** Thrown while an index is being worked out: the loop must become two, the inner one of `inner` steps, and the work be done again. */
export class SplitLoop {
  constructor(
    readonly loop: number,
    readonly inner: number,
  ) {}
}

/** The loops of a kernel that is being built, and the splits asked of them so far. */
export class LoopSpace {
  private readonly sizes: number[] = [];
  private readonly halves = new Map<number, readonly [outer: Loop, inner: Loop]>();

  loop(size: number): Loop {
    this.sizes.push(size);
    return { id: this.sizes.length - 1, size };
  }

  sizeOf = (loop: number): number => this.sizes[loop]!;

  split({ loop, inner }: SplitLoop): void {
    this.halves.set(loop, [this.loop(this.sizes[loop]! / inner), this.loop(inner)]);
  }

  /** The loops that now stand for `loop`, outermost first. */
  parts(loop: Loop): Loop[] {
    const halves = this.halves.get(loop.id);
    return halves ? halves.flatMap((half) => this.parts(half)) : [loop];
  }

  /** The index that `loop` had before it was split. */
  indexOf(loop: Loop): IndexExpression {
    const halves = this.halves.get(loop.id);
    if (!halves) return loop.size === 1 ? indexConstant(0) : indexOf(loop.id);
    return addIndex(this.indexOf(halves[1]), this.indexOf(halves[0]), halves[1].size);
  }

  /**
   * A flat row-major index as one index per axis of `shape`; undefined when that takes divisions.
   *
   * @throws SplitLoop when it can be done after a loop was split.
   */
  unravel(flat: IndexExpression, shape: Shape): IndexExpression[] | undefined {
    const index = new Array<IndexExpression>(shape.length);
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis]!;
      if (axis === 0 || size === 1) {
        index[axis] = size === 1 ? indexConstant(0) : rest;
        continue;
      }
      const divided = this.divide(rest, size);
      if (!divided) return undefined;
      index[axis] = divided.remainder;
      rest = divided.quotient;
    }
    return index;
  }

  private divide(
    e: IndexExpression,
    size: number,
  ): { quotient: IndexExpression; remainder: IndexExpression } | undefined {
    if (e.terms.some(({ of }) => typeof of !== "number")) return undefined;
    const constant = ((e.constant % size) + size) % size;
    let quotient = indexConstant((e.constant - constant) / size);
    let remainder = indexConstant(constant);
    for (const { coefficient, of } of e.terms) {
      if (coefficient % size === 0) quotient = addIndex(quotient, indexOf(of as number), coefficient / size);
      else remainder = addIndex(remainder, indexOf(of as number), coefficient);
    }
    const range = indexRange(remainder, this.sizeOf)!;
    if (range.low >= 0 && range.high < size) return { quotient, remainder };
    for (const { coefficient, of } of remainder.terms) {
      const loop = of as number;
      const inner = size / coefficient;
      const fits = Number.isInteger(inner) && inner > 1 && inner < this.sizes[loop]! && this.sizes[loop]! % inner === 0;
      if (fits) throw new SplitLoop(loop, inner);
    }
    return undefined;
  }
}

/** Row-major flat index of an index per axis. */
export function ravel(index: readonly IndexExpression[], shape: Shape): IndexExpression {
  const strides = rowMajorStrides(shape);
  return index.reduce((flat, each, axis) => addIndex(flat, scaleIndex(each, strides[axis]!)), indexConstant(0));
}
