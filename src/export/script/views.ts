import {
  addIndex,
  type Guard,
  type IndexExpression,
  indexConstant,
  indexOf,
  indexRange,
  type Node,
} from "../../ir/index.ts";
import { rowMajorStrides, type Shape } from "../../util/index.ts";

/** The sizes of loops, by their numbers. */
export type LoopSizes = readonly number[];

/** Index arithmetic as JavaScript; loop n is the variable `in`. */
export function indexText({ constant, terms }: IndexExpression): string {
  const parts = terms.map(({ coefficient, of }) => {
    const atom = typeof of === "number" ? `i${of}` : `(${indexText(of.expression)}) / ${of.divisor}`;
    const sign = coefficient < 0 ? "-" : "+";
    const size = Math.abs(coefficient);
    return { sign, text: size === 1 ? atom : `${size} * ${typeof of === "number" ? atom : `(${atom})`}` };
  });
  if (constant !== 0 || parts.length === 0) {
    parts.push({ sign: constant < 0 ? "-" : "+", text: String(Math.abs(constant)) });
  }
  return parts.map(({ sign, text }, i) => (i === 0 ? (sign === "-" ? `-${text}` : text) : ` ${sign} ${text}`)).join("");
}

/** The place of an element in row-major order. */
export function flatIndex(index: readonly IndexExpression[], shape: Shape): IndexExpression {
  const strides = rowMajorStrides(shape);
  return index.reduce((sum, each, axis) => addIndex(sum, each, strides[axis]), indexConstant(0));
}

/** The condition that guards stand for; undefined when they always hold. */
export function guardText(guards: readonly Guard[], sizes: LoopSizes): string | undefined {
  const conditions = guards.flatMap(({ expression, divisor, size }) => {
    const range = indexRange(expression, (loop) => sizes[loop]!);
    const text = indexText(expression);
    const last = (size - 1) * divisor;
    return [
      ...(divisor === 1 ? [] : [`(${text}) % ${divisor} === 0`]),
      ...(range && range.low >= 0 ? [] : [`${text} >= 0`]),
      ...(range && range.high <= last ? [] : [`${text} <= ${last}`]),
    ];
  });
  return conditions.length === 0 ? undefined : conditions.join(" && ");
}

/** Where a reshape finds an element when it only adds or removes axes of size 1; undefined for others. */
export function sameAxes(node: Node, index: readonly IndexExpression[]): IndexExpression[] | undefined {
  const real = (shape: Shape) => shape.filter((size) => size !== 1).join();
  const [from] = node.inputs as [Node];
  if (real(from.shape) !== real(node.shape)) return undefined;
  const kept = index.filter((_, axis) => node.shape[axis] !== 1);
  return from.shape.map((size) => (size === 1 ? indexConstant(0) : kept.shift()!));
}

/** Whether a view reads its input in row-major order, whatever the axes. */
export function needsOrder(node: Node): boolean {
  return (
    node.op.name === "reshape" &&
    sameAxes(
      node,
      node.shape.map((_, axis) => indexOf(axis)),
    ) === undefined
  );
}
