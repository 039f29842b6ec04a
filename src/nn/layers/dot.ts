import { einsum, type Tensor } from "../../tensor/index.ts";
import { fail, formatShape, type Shape, show } from "../../util/index.ts";
import { checkLayerOptions, defineMergeLayer, type Layer, type LayerOptions } from "../layer.ts";

export interface DotOptions extends LayerOptions {
  /** Scale both to length 1 along their axes first, which gives the cosine of their angle; default false (Keras). */
  normalize?: boolean;
}

/**
 * The products of two inputs, summed along an axis of each (`axes`: one for both, or one each, the batch being axis 0):
 * [batch, ..., n, ...] and [batch, ..., n, ...] -> [batch, the first's other axes, the second's other axes], [batch, 1] of two
 * vectors (Keras).
 *
 * @example
 * const [user, item] = [layers.input({ shape: [16] }), layers.input({ shape: [16] })];
 * const cosine = layers.dot(1, { normalize: true })([user, item]); // [batch, 1]
 */
export function dot(axes: number | readonly [number, number], options: DotOptions = {}): Layer {
  checkLayerOptions("dot", options, ["normalize"]);
  const { normalize = false } = options;
  const pair = typeof axes === "number" ? [axes, axes] : axes;
  if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((axis) => Number.isInteger(axis) && axis !== 0)) {
    fail(`dot got axes = ${show(axes)}`, "an axis other than 0, which is the batch, or one for each input");
  }
  /** The axis of the i-th input, [batch, ...]. */
  const axisOf = (rank: number, i: number) => ((pair[i] ?? 0) < 0 ? rank + (pair[i] ?? 0) : (pair[i] ?? 0));

  return defineMergeLayer({
    kind: "dot",
    options: { axes, ...options },
    outputShape(inputs): Shape {
      if (inputs.length !== 2) fail(`received ${inputs.length} inputs`, "two", "apply it to a list: dot(1)([a, b])");
      const along = inputs.map((shape, i) => axisOf(shape.length + 1, i) - 1);
      const [first, second] = inputs.map((shape, i) => shape[along[i] ?? -1]);
      if (first === undefined || second === undefined || first !== second) {
        const found = inputs.map(formatShape).join(" and ");
        fail(
          `received samples of shapes ${found}`,
          `equal sizes along the axes ${pair.join(" and ")} (axis 0 is the batch)`,
        );
      }
      const rest = inputs.flatMap((shape, i) => shape.filter((_, axis) => axis !== along[i]));
      return rest.length === 0 ? [1] : rest;
    },
    call(inputs) {
      const along = inputs.map((x, i) => axisOf(x.rank, i));
      const [a, b] = inputs.map((x, i) => (normalize ? unit(x, along[i] ?? 1) : x)) as [Tensor, Tensor];
      let free = 0;
      const labels = [a, b].map(({ shape }, i) =>
        shape
          .map((_, axis) => (axis === 0 ? "y" : axis === along[i] ? "z" : "abcdefghijklmnopqrstuvwx"[free++]))
          .join(""),
      );
      const kept = labels.join("").replace(/[yz]/g, "");
      const product = einsum(`${labels.join()}->y${kept}`, a, b);
      return kept === "" ? product.expandDims(1) : product;
    },
  });
}
dot.positional = ["axes"];

/** x with length 1 along an axis, as PyTorch's normalize. */
function unit(x: Tensor, axis: number): Tensor {
  return x.div(x.square().sum({ axis, keepdims: true }).maximum(1e-24).sqrt());
}
