import type { Tensor } from "../../tensor/index.ts";
import type { Shape } from "../../util/index.ts";
import { checkWord } from "../checks.ts";

/**
 * What becomes of category numbers: "int" themselves; "oneHot" a row of 0 and 1 for each; "multiHot" one row per sample with a 1 for each
 * category in its last axis; "count" how often each is there.
 */
export type CategoryOutput = "int" | "oneHot" | "multiHot" | "count";

/** @throws DescentError for another word. */
export function checkOutputMode(kind: string, mode: unknown, known: readonly CategoryOutput[] = ALL): void {
  checkWord(kind, "outputMode", mode, known);
}

const ALL: readonly CategoryOutput[] = ["int", "oneHot", "multiHot", "count"];

/** The shape of one sample's output. */
export function categoryShape(sample: Shape, depth: number, mode: CategoryOutput): Shape {
  if (mode === "int") return sample;
  if (mode === "oneHot" && sample.at(-1) !== 1) return [...sample, depth];
  return [...sample.slice(0, -1), depth];
}

/** Category numbers [batch, ...] as the mode says; numbers outside of 0..depth - 1 leave rows of 0. float32. */
export function categoryOutput(numbers: Tensor, depth: number, mode: CategoryOutput): Tensor {
  if (mode === "int") return numbers.cast("float32");
  const rows = numbers.oneHot(depth); // [batch, ..., depth]
  const shape = [numbers.shape[0] ?? 1, ...categoryShape(numbers.shape.slice(1), depth, mode)];
  if (mode === "oneHot" || numbers.rank === 1) return rows.reshape(shape);
  return mode === "count" ? rows.sum({ axis: -2 }) : rows.max({ axis: -2 });
}
