import { fail, show } from "../../util/index.ts";
import type { Axes, Rank } from "./windows.ts";

/** [before, after] along an axis. */
export type Margin = readonly [before: number, after: number];

/** One number for all margins; one per axis, the same before and after; or [before, after] per axis (for one axis: just that). */
export type Margins<R extends Rank> = number | (R extends 1 ? Margin : Axes<R> | Axes<R, Margin>);

/** [before, after] per spatial axis, whole numbers from 0. */
export function marginsOf(where: string, name: string, value: unknown, rank: Rank): Margin[] {
  const list = Array.isArray(value) && rank === 1 && !Array.isArray(value[0]) ? [value] : value;
  const each = Array.isArray(list) ? list : Array.from({ length: rank }, () => list);
  const margins = each.map((margin) => (Array.isArray(margin) ? margin : [margin, margin]));
  const right = (margin: unknown[]) =>
    margin.length === 2 && margin.every((n) => Number.isInteger(n) && Number(n) >= 0);
  if (margins.length === rank && margins.every(right)) return margins as unknown[] as Margin[];
  const one = "a whole number from 0 or [before, after]";
  fail(`${where} got ${name} = ${show(value)}`, rank === 1 ? one : `${one}, for all or for each of ${rank} axes`);
}
