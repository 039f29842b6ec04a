import { fail, formatShape, product, type Shape } from "../../util/index.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

/**
 * The same elements in another shape: [batch, ...] -> [batch, ...targetShape]. One size may be -1: what remains.
 *
 * @example
 * layers.reshape([28, 28, 1], { inputShape: [784] });
 */
export function reshape(targetShape: Shape, options: LayerOptions = {}): Layer {
  checkLayerOptions("reshape", options);
  const open = Array.isArray(targetShape) ? targetShape.indexOf(-1) : -2;
  const sizes = open === -2 ? [] : targetShape.filter((_, axis) => axis !== open);
  if (open === -2 || !sizes.every((size) => Number.isInteger(size) && size > 0)) {
    fail(`reshape got the shape ${JSON.stringify(targetShape)}`, "positive integers, one of which may be -1");
  }

  function outputShape(input: Shape): Shape {
    const rest = product(input) / product(sizes);
    if (open === -1 ? rest === 1 : Number.isInteger(rest))
      return targetShape.map((size) => (size === -1 ? rest : size));
    fail(
      `received samples of shape ${formatShape(input)}, which can't become ${formatShape(targetShape)}`,
      `${product(input)} elements before and after; ${formatShape(targetShape)} has ${product(sizes)}`,
      open === -1 ? "let one size be -1" : undefined,
    );
  }

  return defineLayer({
    kind: "reshape",
    options: { targetShape: [...targetShape], ...options },
    outputShape,
    call: (x) => x.reshape([x.shape[0] ?? 1, ...outputShape(x.shape.slice(1))]),
  });
}
reshape.positional = ["targetShape"];
