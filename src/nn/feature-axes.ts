import { fail, formatShape, type Shape, show } from "../util/index.ts";

/** An axis of features, or several, counted with the batch as axis 0; negative ones from the end. */
export type NormalizedAxes = number | readonly number[];

/**
 * The axes, from 1 upward and in order, for samples of that shape.
 *
 * @throws DescentError for an axis that samples don't have, and for the batch's.
 */
export function axesOf(where: string, axis: NormalizedAxes, sample: Shape): number[] {
  const rank = sample.length + 1;
  const list = typeof axis === "number" ? [axis] : axis;
  if (!Array.isArray(list)) fail(`${where} got axis = ${show(axis)}`, "an axis, or a list of such");
  const axes = list.map((each) => (each < 0 ? each + rank : each));
  const right = axes.length > 0 && new Set(axes).size === axes.length;
  if (!right || axes.some((each) => !Number.isInteger(each) || each < 1 || each >= rank)) {
    fail(
      `received samples of shape ${formatShape(sample)}`,
      `axis ${show(axis)} of ${where} among their axes 1 to ${rank - 1} (axis 0 is the batch)`,
    );
  }
  return axes.sort((a, b) => a - b);
}
