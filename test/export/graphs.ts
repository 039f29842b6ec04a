import { type ConformanceCase, difference } from "../../src/engine/index.ts";
import { Constants, type GraphInput, type ModelGraph } from "../../src/export/trace.ts";
import { TRACED_BATCHES, unify } from "../../src/export/unify.ts";
import type { Node, TypedArray } from "../../src/ir/index.ts";

/** A program as an exporter sees a model: its inputs have one size only. */
export function graphOfCase({ program }: ConformanceCase): ModelGraph {
  const inputs = new Map<Node, GraphInput>(
    program.inputs.map((node, i) => {
      const { shape, dtype } = node;
      return [node, { name: `input_${i}`, shape, dtype, isText: false }];
    }),
  );
  const roots = unify(
    TRACED_BATCHES.map(() => program.outputs),
    () => false,
  );
  return {
    inputs: [...inputs.values()],
    outputs: roots.map((node, i) => ({ name: `output_${i}`, node })),
    inputOf: (node) => inputs.get(node),
    constants: new Constants(new Map()),
  };
}

/** The greatest difference of an exporter's results from those of an engine. */
export function worst(actual: readonly ArrayLike<number>[], expected: readonly TypedArray[]): number {
  return Math.max(
    0,
    ...expected.map((values, i) => {
      const found = values.slice();
      if (actual[i]?.length !== values.length) return Number.POSITIVE_INFINITY;
      found.set(actual[i] ?? []);
      return difference(found, values);
    }),
  );
}
