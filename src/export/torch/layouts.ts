import type { Layer } from "../../nn/index.ts";
import { product, rowMajorStrides, type Shape } from "../../util/index.ts";

/** Numbers with their shape. */
export interface TorchArray {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** Weights of a layer of ours that are tensors of a PyTorch module, and how one becomes the other. */
export interface Layout {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
  readonly toTorch: (arrays: readonly TorchArray[]) => TorchArray[];
  /** @param shapes of ours */
  readonly fromTorch: (arrays: readonly TorchArray[], shapes: readonly Shape[]) => TorchArray[];
}

/** Axis i of the result is axis order[i]. */
function permuted({ shape, data }: TorchArray, order: readonly number[]): TorchArray {
  const strides = rowMajorStrides(shape);
  const to = order.map((axis) => shape[axis] ?? 1);
  const index = new Array<number>(order.length).fill(0);
  const out = new Float32Array(data.length).map(() => {
    const at = order.reduce((sum, axis, i) => sum + (index[i] ?? 0) * (strides[axis] ?? 0), 0);
    for (let i = index.length - 1; i >= 0; i--) {
      index[i] = (index[i] ?? 0) + 1;
      if (index[i] !== to[i]) break;
      index[i] = 0;
    }
    return data[at] ?? 0;
  });
  return { shape: to, data: out };
}

const inverse = (order: readonly number[]) => order.map((_, axis) => order.indexOf(axis));

function one(
  ours: string,
  theirs: string,
  toTorch: (array: TorchArray) => TorchArray,
  fromTorch: (array: TorchArray, shape: Shape) => TorchArray,
): Layout {
  return {
    ours: [ours],
    theirs: [theirs],
    toTorch: (arrays) => arrays.map(toTorch),
    fromTorch: (arrays, shapes) => arrays.map((array, i) => fromTorch(array, shapes[i] ?? [])),
  };
}

/** The same numbers; PyTorch's shape may lack axes of size 1. */
const same = (ours: string, theirs: string): Layout =>
  one(
    ours,
    theirs,
    (array) => array,
    (array) => array,
  );

/** Axes in another order; `order` from ours. */
const moved = (ours: string, theirs: string, orderOf: (rank: number) => readonly number[]): Layout =>
  one(
    ours,
    theirs,
    (array) => permuted(array, orderOf(array.shape.length)),
    (array) => permuted(array, inverse(orderOf(array.shape.length))),
  );

/** [K.., a, b] as [b, a, K..]. */
const filtersFirst = (rank: number) => [rank - 1, rank - 2, ...Array.from({ length: rank - 2 }, (_, axis) => axis)];

/** [K.., C, M] as [C M, 1, K..]: a group for every channel. */
const depthwise: Layout = one(
  "kernel",
  "weight",
  ({ shape, data }) => {
    const rank = shape.length;
    const order = [rank - 2, rank - 1, ...Array.from({ length: rank - 2 }, (_, axis) => axis)];
    const { data: out } = permuted({ shape, data }, order);
    return { shape: [product(shape.slice(-2)), 1, ...shape.slice(0, -2)], data: out };
  },
  ({ shape, data }, own) => {
    const [channels = 1, each = 1] = own.slice(-2);
    const spatial = shape.slice(2);
    const order = [...spatial.map((_, axis) => axis + 2), 0, 1];
    return permuted({ shape: [channels, each, ...spatial], data }, order);
  },
);

/** One number for each channel: ours may have axes of size 1. */
const alpha: Layout = one(
  "alpha",
  "weight",
  ({ data }) => ({ shape: [data.length], data }),
  ({ data }, shape) => ({ shape, data }),
);

/** Blocks of the last axis in another order. */
function reordered({ shape, data }: TorchArray, order: readonly number[]): TorchArray {
  const width = shape.at(-1) ?? 1;
  const size = width / order.length;
  const out = data.map((_, i) => {
    const column = i % width;
    const from = (order[Math.floor(column / size)] ?? 0) * size + (column % size);
    return data[i - column + from] ?? 0;
  });
  return { shape, data: out };
}

/**
 * A recurrent layer: kernels transposed, gates in PyTorch's order. PyTorch adds two biases; where ours is one, the second is 0, and both
 * are added up on the way back.
 */
function recurrent(order: readonly number[], twoBiases: boolean, prefix = "", suffix = ""): Layout[] {
  const kernel = (ours: string, theirs: string): Layout =>
    one(
      prefix + ours,
      `${theirs}_l0${suffix}`,
      (array) => permuted(reordered(array, order), [1, 0]),
      (array) => reordered(permuted(array, [1, 0]), inverse(order)),
    );
  const bias: Layout = {
    ours: [`${prefix}bias`],
    theirs: [`bias_ih_l0${suffix}`, `bias_hh_l0${suffix}`],
    toTorch([given]) {
      const { shape, data } = reordered(given as TorchArray, order);
      const size = shape.at(-1) ?? 0;
      const rows = [data.slice(0, size), twoBiases ? data.slice(size) : new Float32Array(size)];
      return rows.map((row) => ({ shape: [size], data: row }));
    },
    fromTorch([first, second], [shape]) {
      const size = shape?.at(-1) ?? 0;
      const [a, b] = [first?.data ?? [], second?.data ?? []];
      const joined = twoBiases
        ? Float32Array.of(...a, ...b)
        : Float32Array.from({ length: size }, (_, i) => (a[i] ?? 0) + (b[i] ?? 0));
      return [reordered({ shape: shape ?? [], data: joined }, inverse(order))];
    },
  };
  return [kernel("kernel", "weight_ih"), kernel("recurrentKernel", "weight_hh"), bias];
}

const RECURRENT: Readonly<Record<string, readonly [order: readonly number[], twoBiases: boolean]>> = {
  simpleRnn: [[0], false],
  lstm: [[0, 1, 2, 3], false], // input, forget, candidate, output: PyTorch's order, too
  gru: [[1, 0, 2], true], // ours: update, reset, candidate
};

/** Three projections in one: in_proj, PyTorch's way where all are of one size. */
function projections(part: "Kernel" | "Bias", theirs: string): Layout {
  const turn = (array: TorchArray) => (part === "Kernel" ? permuted(array, [1, 0]) : array);
  return {
    ours: ["query", "key", "value"].map((name) => name + part),
    theirs: [theirs],
    toTorch(arrays) {
      const parts = arrays.map(turn);
      const [rows = 0, ...rest] = parts[0]?.shape ?? [];
      const data = new Float32Array(parts.reduce((sum, each) => sum + each.data.length, 0));
      let at = 0;
      for (const each of parts) {
        data.set(each.data, at);
        at += each.data.length;
      }
      return [{ shape: [3 * rows, ...rest], data }];
    },
    fromTorch([joined], shapes) {
      const { data } = joined as TorchArray;
      const size = data.length / 3;
      return shapes.map((shape, i) =>
        turn({ shape: [...shape].reverse(), data: data.slice(i * size, (i + 1) * size) }),
      );
    },
  };
}

const kernel = moved("kernel", "weight", filtersFirst);
const bias = same("bias", "bias");
const scaled = [same("gamma", "weight"), same("beta", "bias")];
const moments = [same("movingMean", "running_mean"), same("movingVariance", "running_var")];

/** Layers that are modules of PyTorch, whatever their options, as far as their weights go. */
const LAYOUTS: Readonly<Record<string, readonly Layout[]>> = {
  dense: [kernel, bias],
  conv1d: [kernel, bias],
  conv2d: [kernel, bias],
  conv3d: [kernel, bias],
  conv1dTranspose: [kernel, bias],
  conv2dTranspose: [kernel, bias],
  conv3dTranspose: [kernel, bias],
  depthwiseConv1d: [depthwise, bias],
  depthwiseConv2d: [depthwise, bias],
  batchNormalization: [...scaled, ...moments],
  layerNormalization: scaled,
  groupNormalization: scaled,
  instanceNormalization: scaled,
  rmsNormalization: [same("scale", "weight")],
  embedding: [same("embeddings", "weight")],
  positionEmbedding: [same("positions", "weight")],
  prelu: [alpha],
  multiHeadAttention: [
    projections("Kernel", "in_proj_weight"),
    projections("Bias", "in_proj_bias"),
    moved("outputKernel", "out_proj.weight", filtersFirst),
    same("outputBias", "out_proj.bias"),
  ],
};

/**
 * How a layer's weights are those of a PyTorch module; undefined where there is no module with such weights.
 *
 * @param shapes of its weights, by name
 */
export function layoutsOf(
  { kind, options }: { readonly kind: string; readonly options: Readonly<Record<string, unknown>> },
  shapes: ReadonlyMap<string, Shape>,
): readonly Layout[] | undefined {
  const layouts = kind === "bidirectional" ? bothDirections(options["layer"], shapes) : own(kind, shapes);
  const present = layouts?.filter(({ ours }) => ours.some((name) => shapes.has(name)));
  const used = new Set(present?.flatMap(({ ours }) => ours));
  const whole = [...shapes.keys()].every((name) => used.has(name)) && [...used].every((name) => shapes.has(name));
  return present && whole ? present : undefined;
}

function own(kind: string, shapes: ReadonlyMap<string, Shape>): readonly Layout[] | undefined {
  const [order, twoBiases] = RECURRENT[kind] ?? [];
  if (order) {
    // A GRU that resets before the product is none of PyTorch's; without biases both are the same to a file.
    const reset = !twoBiases || (shapes.get("bias")?.length ?? 2) === 2;
    return reset ? recurrent(order, twoBiases ?? false) : undefined;
  }
  if (kind === "multiHeadAttention") {
    const sizes = new Set(["queryKernel", "keyKernel", "valueKernel", "outputKernel"].flatMap((name) => shapes.get(name) ?? [])); // biome-ignore format: one line
    if (sizes.size !== 1) return undefined;
  }
  return LAYOUTS[kind];
}

function bothDirections(layer: unknown, shapes: ReadonlyMap<string, Shape>): readonly Layout[] | undefined {
  const { kind } = (layer as Layer).definition;
  const [order, twoBiases] = RECURRENT[kind] ?? [];
  if (!order || (twoBiases && (shapes.get("forward/bias")?.length ?? 2) !== 2)) return undefined;
  return [
    ...recurrent(order, twoBiases ?? false, "forward/"),
    ...recurrent(order, twoBiases ?? false, "backward/", "_reverse"),
  ];
}
