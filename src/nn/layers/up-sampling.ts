import { type Tensor, tensor } from "../../tensor/index.ts";
import { checkWord } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";
import { checkSpatial, type PerAxis, perAxis, type Rank } from "./windows.ts";

/** Names of linear interpolation along one, two and three axes. */
const LINEAR = { 1: "linear", 2: "bilinear", 3: "trilinear" } as const;

interface UpSamplingOptions<R extends Rank> extends LayerOptions {
  /** How many times larger each spatial axis becomes; default 2 (Keras). */
  size?: PerAxis<R>;
  /**
   * "nearest": every element is repeated, the default (Keras). Linear along every axis: between the centers of neighbouring
   * elements, beyond the outermost ones constant (Keras's bilinear, PyTorch's with alignCorners false).
   */
  interpolation?: "nearest" | (typeof LINEAR)[R];
}

export type UpSampling1dOptions = UpSamplingOptions<1>;
export type UpSampling2dOptions = UpSamplingOptions<2>;
export type UpSampling3dOptions = UpSamplingOptions<3>;

/**
 * y[t] = x[floor(t / size)], or between neighbours: [batch, steps, channels] -> [batch, steps size, channels].
 *
 * @example
 * layers.upSampling1d({ size: 3, interpolation: "linear" });
 */
export function upSampling1d(options: UpSampling1dOptions = {}): Layer {
  return upSampling(1, options);
}

/**
 * y[i, j] = x[floor(i / size), floor(j / size)], or between neighbours: [batch, height, width, channels] -> [batch, height
 * size, width size, channels].
 *
 * @example
 * layers.upSampling2d({ interpolation: "bilinear" });
 */
export function upSampling2d(options: UpSampling2dOptions = {}): Layer {
  return upSampling(2, options);
}

/**
 * y[i, j, k] = x[floor(i / size), ...], or between neighbours: [batch, depth, height, width, channels] -> [batch, ...larger,
 * channels].
 *
 * @example
 * layers.upSampling3d({ size: [1, 2, 2] });
 */
export function upSampling3d(options: UpSampling3dOptions = {}): Layer {
  return upSampling(3, options);
}

function upSampling<R extends Rank>(rank: R, options: UpSamplingOptions<R>): Layer {
  const kind = `upSampling${rank}d`;
  checkLayerOptions(kind, options, ["size", "interpolation"]);
  const { interpolation = "nearest" } = options;
  checkWord(kind, "interpolation", interpolation, ["nearest", LINEAR[rank]]);
  const factors = perAxis(kind, "size", options.size ?? 2, rank);
  const enlarge = interpolation === "nearest" ? repeat : interpolate;

  return defineLayer({
    kind,
    options,
    outputShape(input) {
      checkSpatial(input, rank);
      return input.map((length, axis) => length * (factors[axis] ?? 1));
    },
    call: (x) => factors.reduce((y, factor, axis) => (factor === 1 ? y : enlarge(y, axis + 1, factor)), x),
  });
}

/** [.. H ..] as [.. H, factor ..] by `each`, and then as [.. H factor ..]. */
function widen(x: Tensor, axis: number, factor: number, each: (column: Tensor) => Tensor): Tensor {
  const shape = x.shape.map((length, other) => (other === axis ? length * factor : length));
  return each(x.expandDims(axis + 1)).reshape(shape);
}

function repeat(x: Tensor, axis: number, factor: number): Tensor {
  const shape = [...x.shape.slice(0, axis + 1), factor, ...x.shape.slice(axis + 1)];
  return widen(x, axis, factor, (column) => column.broadcastTo(shape));
}

/**
 * Element i and phase p lie at i + d, d = (p + 1/2) / factor - 1/2: y = (1 - |d|) x[i] + max(d, 0) x[i + 1] + max(-d, 0) x[i - 1].
 * Beyond the ends the outermost element stands for its neighbor.
 */
function interpolate(x: Tensor, axis: number, factor: number): Tensor {
  const length = x.shape[axis] ?? 1;
  const distance = (p: number) => (p + 0.5) / factor - 0.5;
  const next = (i: number, p: number) => (i === length - 1 ? 0 : Math.max(0, distance(p)));
  const previous = (i: number, p: number) => (i === 0 ? 0 : Math.max(0, -distance(p)));
  /** A share for each element and phase: [H, factor, 1..]. */
  const shares = (share: (i: number, p: number) => number) => {
    const table = Array.from({ length }, (_, i) => Array.from({ length: factor }, (_, p) => share(i, p)));
    return tensor(table).reshape([length, factor, ...x.shape.slice(axis + 1).map(() => 1)]);
  };
  /** x with what lies `before` and `behind` the part of it that is taken: zeros. */
  const shifted = (before: number, behind: number) => {
    const along = <T>(value: T, other: T) => x.shape.map((_, each) => (each === axis ? value : other));
    const padded = x.pad(along<[number, number]>([before, behind], [0, 0]));
    return padded.slice(...along<[number, number] | null>([behind, behind + length], null)).expandDims(axis + 1);
  };
  return widen(x, axis, factor, (column) =>
    column
      .mul(shares((i, p) => 1 - next(i, p) - previous(i, p)))
      .add(shifted(0, 1).mul(shares(next)))
      .add(shifted(1, 0).mul(shares(previous))),
  );
}
