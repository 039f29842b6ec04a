import type { Shape } from "../../src/util/index.ts";

/** A layer as a file has it, samples of these shapes, and the shape that must come out. */
export interface LayerSample {
  readonly kind: string;
  readonly options: Record<string, unknown>;
  readonly inputs: readonly Shape[];
  readonly output: Shape;
  /** Number of weights' elements. */
  readonly parameters: number;
}

const image: Shape = [6, 5, 4];
const sequence: Shape = [7, 4];

function sample(
  kind: string,
  options: Record<string, unknown>,
  inputs: readonly Shape[],
  output: Shape,
  parameters = 0,
): LayerSample {
  return { kind, options, inputs, output, parameters };
}

/** At least one for every layer that can be made from a file. */
export const LAYER_SAMPLES: readonly LayerSample[] = [
  sample("dense", { units: 3 }, [[4]], [3], 15),
  sample("dense", { units: 3, activation: "tanh", useBias: false, kernelInitializer: "heNormal" }, [[4]], [3], 12),
  sample("dense", { units: 2, activation: { kind: "gelu", approximate: true } }, [sequence], [7, 2], 10),
  sample("dense", { units: 2, kernelInitializer: { kind: "constant", value: 0.5 } }, [image], [6, 5, 2], 10),
  sample("conv1d", { filters: 2, kernelSize: 3 }, [sequence], [5, 2], 26),
  sample("conv1d", { filters: 2, kernelSize: 3, padding: "same", strides: 2 }, [sequence], [4, 2], 26),
  sample("conv1d", { filters: 2, kernelSize: 2, padding: "causal", dilationRate: 3 }, [sequence], [7, 2], 18),
  sample("conv1d", { filters: 4, kernelSize: 3, groups: 2, useBias: false }, [sequence], [5, 4], 24),
  sample("conv2d", { filters: 3, kernelSize: 3 }, [image], [4, 3, 3], 111),
  sample("conv2d", { filters: 3, kernelSize: [3, 2], padding: "same", activation: "relu" }, [image], [6, 5, 3], 75),
  sample("conv2d", { filters: 2, kernelSize: 3, strides: [2, 1], groups: 2 }, [image], [2, 3, 2], 38),
  sample("conv2d", { filters: 2, kernelSize: 2, dilationRate: [3, 2] }, [image], [3, 3, 2], 34),
  sample("maxPooling1d", {}, [sequence], [3, 4]),
  sample("maxPooling1d", { poolSize: 3, strides: 1, padding: "same" }, [sequence], [7, 4]),
  sample("maxPooling2d", {}, [image], [3, 2, 4]),
  sample("maxPooling2d", { poolSize: [2, 3], strides: 2, padding: "same" }, [image], [3, 3, 4]),
  sample("averagePooling1d", {}, [sequence], [3, 4]),
  sample("averagePooling2d", { poolSize: 2, padding: "same" }, [image], [3, 3, 4]),
  sample("globalMaxPooling1d", {}, [sequence], [4]),
  sample("globalMaxPooling2d", { keepdims: true }, [image], [1, 1, 4]),
  sample("globalAveragePooling1d", { keepdims: true }, [sequence], [1, 4]),
  sample("globalAveragePooling2d", {}, [image], [4]),
  sample("flatten", {}, [image], [120]),
  sample("flatten", {}, [[4]], [4]),
  sample("reshape", { targetShape: [10, -1] }, [image], [10, 12]),
  sample("reshape", { targetShape: [2, 2] }, [[4]], [2, 2]),
  sample("dropout", { rate: 0.25 }, [image], image),
  sample("batchNormalization", {}, [image], image, 16),
  sample("batchNormalization", { axis: 1, scale: false, momentum: 0.9 }, [image], image, 18),
  sample("batchNormalization", { center: false, epsilon: 0.01 }, [[4]], [4], 12),
  sample("embedding", { inputDim: 5, outputDim: 3 }, [[4]], [4, 3], 15),
  sample("embedding", { inputDim: 2, outputDim: 1 }, [[2, 3]], [2, 3, 1], 2),
  sample("layerNormalization", {}, [sequence], sequence, 8),
  sample("layerNormalization", { axis: [1, 2], center: false, epsilon: 0.01 }, [sequence], sequence, 28),
  sample("rmsNormalization", {}, [sequence], sequence, 4),
  sample("multiHeadAttention", { numHeads: 2, keyDim: 3 }, [sequence], sequence, 118),
  sample("multiHeadAttention", { numHeads: 2, keyDim: 2, causal: true, positions: "rotary" }, [sequence], sequence, 80),
  sample(
    "multiHeadAttention",
    { numHeads: 1, keyDim: 2, valueDim: 3, outputDim: 5, mask: true },
    [sequence, [3, 2], [3]],
    [7, 5],
    45,
  ),
  sample("groupedQueryAttention", { headDim: 2, numQueryHeads: 4, numKeyValueHeads: 2 }, [sequence], sequence, 116),
  sample("attention", {}, [sequence, [3, 4]], sequence),
  sample(
    "attention",
    { scoreMode: "concat", useScale: true, dropout: 0.1 },
    [
      [2, 3],
      [4, 2],
      [4, 3],
    ],
    [2, 2],
    2,
  ),
  sample("additiveAttention", { causal: true }, [sequence, sequence], sequence, 4),
  sample("positionEmbedding", { sequenceLength: 9 }, [sequence], sequence, 36),
  sample("sinePositionEncoding", {}, [sequence], sequence),
  sample("rotaryEmbedding", { maxWavelength: 100 }, [sequence], sequence),
  sample("activation", { activation: "softmax" }, [sequence], sequence),
  sample("add", {}, [image, image, image], image),
  sample("add", {}, [image, [1, 5, 1]], image),
  sample("concatenate", {}, [image, [6, 5, 2]], [6, 5, 6]),
  sample("concatenate", { axis: 1 }, [[2], [3], [1]], [6]),
];
