import { averagePool, maxPool, type Tensor, tensor } from "../../tensor/index.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";
import { checkSpatial, type PerAxis, perAxis, type Rank } from "./windows.ts";

type Fold = "average" | "max";

/**
 * The mean of each of `outputSize` parts of the steps, part i from floor(i steps / outputSize) up to ceil((i + 1) steps /
 * outputSize) (PyTorch): [batch, steps, channels] -> [batch, outputSize, channels].
 *
 * @example
 * layers.adaptiveAveragePooling1d(4);
 */
export function adaptiveAveragePooling1d(outputSize: PerAxis<1>, options: LayerOptions = {}): Layer {
  return adaptive("average", 1, outputSize, options);
}
adaptiveAveragePooling1d.positional = ["outputSize"];

/**
 * The mean of each of `outputSize` parts of an image, part i of an axis from floor(i size / outputSize) up to ceil((i + 1)
 * size / outputSize) (PyTorch): [batch, height, width, channels] -> [batch, ...outputSize, channels].
 *
 * @example
 * layers.adaptiveAveragePooling2d([7, 7]);
 */
export function adaptiveAveragePooling2d(outputSize: PerAxis<2>, options: LayerOptions = {}): Layer {
  return adaptive("average", 2, outputSize, options);
}
adaptiveAveragePooling2d.positional = ["outputSize"];

/**
 * The mean of each of `outputSize` parts of a volume, part i of an axis from floor(i size / outputSize) up to ceil((i + 1)
 * size / outputSize) (PyTorch): [batch, depth, height, width, channels] -> [batch, ...outputSize, channels].
 *
 * @example
 * layers.adaptiveAveragePooling3d(2);
 */
export function adaptiveAveragePooling3d(outputSize: PerAxis<3>, options: LayerOptions = {}): Layer {
  return adaptive("average", 3, outputSize, options);
}
adaptiveAveragePooling3d.positional = ["outputSize"];

/**
 * The largest value of each of `outputSize` parts of the steps, part i from floor(i steps / outputSize) up to ceil((i + 1)
 * steps / outputSize) (PyTorch): [batch, steps, channels] -> [batch, outputSize, channels].
 *
 * @example
 * layers.adaptiveMaxPooling1d(4);
 */
export function adaptiveMaxPooling1d(outputSize: PerAxis<1>, options: LayerOptions = {}): Layer {
  return adaptive("max", 1, outputSize, options);
}
adaptiveMaxPooling1d.positional = ["outputSize"];

/**
 * The largest value of each of `outputSize` parts of an image, part i of an axis from floor(i size / outputSize) up to
 * ceil((i + 1) size / outputSize) (PyTorch): [batch, height, width, channels] -> [batch, ...outputSize, channels].
 *
 * @example
 * layers.adaptiveMaxPooling2d([7, 7]);
 */
export function adaptiveMaxPooling2d(outputSize: PerAxis<2>, options: LayerOptions = {}): Layer {
  return adaptive("max", 2, outputSize, options);
}
adaptiveMaxPooling2d.positional = ["outputSize"];

/**
 * The largest value of each of `outputSize` parts of a volume, part i of an axis from floor(i size / outputSize) up to
 * ceil((i + 1) size / outputSize) (PyTorch): [batch, depth, height, width, channels] -> [batch, ...outputSize, channels].
 *
 * @example
 * layers.adaptiveMaxPooling3d(2);
 */
export function adaptiveMaxPooling3d(outputSize: PerAxis<3>, options: LayerOptions = {}): Layer {
  return adaptive("max", 3, outputSize, options);
}
adaptiveMaxPooling3d.positional = ["outputSize"];

function adaptive<R extends Rank>(fold: Fold, rank: R, outputSize: PerAxis<R>, options: LayerOptions): Layer {
  const kind = `adaptive${fold === "max" ? "Max" : "Average"}Pooling${rank}d`;
  checkLayerOptions(kind, options);
  const parts = perAxis(kind, "outputSize", outputSize, rank);

  return defineLayer({
    kind,
    options: { outputSize, ...options },
    outputShape(input) {
      checkSpatial(input, rank);
      return [...parts, ...input.slice(-1)];
    },
    call(x) {
      const size = parts.map((count, axis) => (x.shape[axis + 1] ?? 1) / count);
      if (size.every(Number.isInteger)) return (fold === "max" ? maxPool : averagePool)(x, { size });
      return parts.reduce((y, count, axis) => foldParts(y, axis + 1, count, fold), x); // a box: axis by axis
    },
  });
}

/** Parts of one axis, which may differ in length and overlap: all are read in the longest one's length. */
function foldParts(x: Tensor, axis: number, count: number, fold: Fold): Tensor {
  const length = x.shape[axis] ?? 1;
  const parts = Array.from({ length: count }, (_, i) => {
    const [from, to] = [Math.floor((i * length) / count), Math.ceil(((i + 1) * length) / count)];
    return Array.from({ length: to - from }, (_, k) => from + k);
  });
  const longest = Math.max(...parts.map((part) => part.length));
  const each = Array.from({ length: longest }, (_, k) => k);
  // A shorter part reads its last element again, which changes no maximum and has no weight in a mean.
  const places = parts.map((part) => each.map((k) => part[Math.min(k, part.length - 1)] ?? 0));
  const windows = x.take(tensor(places, { dtype: "int32" }), { axis }); // [.., count, longest, ..]
  if (fold === "max") return windows.max({ axis: axis + 1 });
  const weights = parts.map((part) => each.map((k) => (k < part.length ? 1 / part.length : 0)));
  const along = [count, longest, ...x.shape.slice(axis + 1).map(() => 1)];
  return windows.mul(tensor(weights).reshape(along)).sum({ axis: axis + 1 });
}
