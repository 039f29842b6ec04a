import { concatenate as join } from "../../tensor/index.ts";
import { fail, formatShape, type Shape } from "../../util/index.ts";
import { checkLayerOptions, defineMergeLayer, type Layer, type LayerOptions } from "../layer.ts";
import { masksInRow, sharedMask } from "../merged-mask.ts";

export interface ConcatenateOptions extends LayerOptions {
  /** The axis along which the inputs follow each other, the batch being axis 0; default -1 (Keras). */
  axis?: number;
}

/**
 * Two or more inputs one behind the other along an axis; all other axes must be equal. Masks of sequences follow each other likewise, or
 * those places count that do in all inputs.
 *
 * @example
 * const [image, table] = [layers.input({ shape: [64] }), layers.input({ shape: [8] })];
 * const both = layers.concatenate()([image, table]); // [batch, 72]
 */
export function concatenate(options: ConcatenateOptions = {}): Layer {
  checkLayerOptions("concatenate", options, ["axis"]);
  const { axis = -1 } = options;
  if (!Number.isInteger(axis) || axis === 0) {
    fail(`concatenate got axis = ${axis}`, "an axis other than 0, which is the batch");
  }
  return defineMergeLayer({
    kind: "concatenate",
    options,
    stepwise: axis === -1,
    mask(inputs, masks) {
      const rank = inputs[0]?.rank ?? 0;
      if (rank < 3 || (axis + rank) % rank !== 1) return sharedMask(inputs, masks);
      const all = masksInRow(inputs, masks);
      return all && join(all, { axis: 1 });
    },
    outputShape: (inputs) => joined(inputs, axis),
    call: (inputs) => join(inputs, { axis }),
  });
}

function joined(inputs: readonly Shape[], axis: number): Shape {
  const [first = []] = inputs;
  if (inputs.length < 2) {
    fail(`received ${inputs.length} input`, "two or more", "apply it to a list: concatenate()([a, b])");
  }
  const along = axis < 0 ? first.length + axis : axis - 1;
  const fits = (shape: Shape) =>
    shape.length === first.length && shape.every((size, other) => other === along || size === first[other]);
  if (along < 0 || along >= first.length || !inputs.every(fits)) {
    const found = inputs.map(formatShape).join(" and ");
    fail(`received samples of shapes ${found}`, `shapes that differ only along axis ${axis} (axis 0 is the batch)`);
  }
  return first.map((size, other) =>
    other === along ? inputs.reduce((sum, shape) => sum + (shape[other] ?? 0), 0) : size,
  );
}
