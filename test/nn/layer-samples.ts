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
const volume: Shape = [3, 2, 4, 2];

function sample(
  kind: string,
  options: Record<string, unknown>,
  inputs: readonly Shape[],
  output: Shape,
  parameters = 0,
): LayerSample {
  return { kind, options, inputs, output, parameters };
}

/** Layers of images. */
const color: Shape = [6, 5, 3];
const small: Shape = [4, 3, 3];
const unit = { valueRange: [0, 1] };
const IMAGE_SAMPLES: readonly LayerSample[] = [
  sample("randomFlip", { mode: "horizontal" }, [image], image),
  sample("randomCrop", { height: 3, width: 4 }, [image], [3, 4, 4]),
  sample("randomCrop", { height: 6, width: 5, padding: 2 }, [image], image),
  sample("randomCrop", { height: 8, width: 4 }, [image], [8, 4, 4]),
  sample("randomAffine", { rotation: 0.1, zoom: 0.2, translation: 0.1, shear: { x: 0.1 } }, [small], small),
  sample("randomRotation", { factor: 0.2, fillMode: "constant", fillValue: 1 }, [small], small),
  sample("randomZoom", { heightFactor: [0, 0.5], widthFactor: 0.2, interpolation: "nearest" }, [small], small),
  sample("randomTranslation", { heightFactor: 0.2, widthFactor: 0.3, fillMode: "wrap" }, [small], small),
  sample("randomShear", { xFactor: 0.3, fillMode: "nearest" }, [small], small),
  sample("randomPerspective", { factor: 0.5, scale: 0.4 }, [small], small),
  sample("randomBrightness", { factor: 0.2 }, [image], image),
  sample("randomContrast", { factor: [0.1, 0.3], valueRange: [-4, 4] }, [small], small),
  sample("randomHue", { factor: 0.5, ...unit }, [color], color),
  sample("randomSaturation", { factor: 0.9, ...unit }, [color], color),
  sample("randomColorDegeneration", { factor: 0.5, valueRange: [-4, 4] }, [small], small),
  sample("randomGrayscale", { factor: 0.5 }, [small], small),
  sample("solarization", { thresholdFactor: 0.5 }, [color], color),
  sample("randomPosterization", { bits: 3, ...unit }, [color], color),
  sample("randomInvert", { factor: 0.5, ...unit }, [small], small),
  sample("autoContrast", {}, [small], small),
  sample("equalization", unit, [color], color),
  sample("randomSharpness", { factor: 0.9, valueRange: [-9, 9] }, [small], small),
  sample("randomGaussianBlur", { kernelSize: 3, sigma: [0.5, 1], valueRange: [-9, 9] }, [small], small),
  sample("randomErasing", { factor: [0.2, 0.9], fillValue: 0 }, [small], small),
];

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
  sample("conv3d", { filters: 2, kernelSize: 2 }, [volume], [2, 1, 3, 2], 34),
  sample("conv3d", { filters: 2, kernelSize: [3, 1, 2], padding: "same", strides: 2 }, [volume], [2, 1, 2, 2], 26),
  sample("conv1dTranspose", { filters: 2, kernelSize: 3, strides: 2 }, [sequence], [15, 2], 26),
  sample("conv1dTranspose", { filters: 2, kernelSize: 2, strides: 3, outputPadding: 1 }, [sequence], [21, 2], 18),
  sample("conv2dTranspose", { filters: 3, kernelSize: 2, strides: 2 }, [image], [12, 10, 3], 51),
  sample("conv2dTranspose", { filters: 4, kernelSize: 3, padding: "same", groups: 2 }, [image], [6, 5, 4], 76),
  sample(
    "conv2dTranspose",
    { filters: 1, kernelSize: [2, 3], strides: 2, padding: "same", outputPadding: [1, 0], useBias: false },
    [[2, 3, 2]],
    [3, 5, 1],
    12,
  ),
  sample("conv3dTranspose", { filters: 2, kernelSize: 2, dilationRate: [1, 2, 1] }, [volume], [4, 4, 5, 2], 34),
  sample("depthwiseConv1d", { kernelSize: 3, padding: "causal" }, [sequence], [7, 4], 16),
  sample("depthwiseConv2d", { kernelSize: 3, strides: 2, useBias: false }, [image], [2, 2, 4], 36),
  sample("depthwiseConv2d", { kernelSize: [3, 2], depthMultiplier: 2, dilationRate: 2 }, [image], [2, 3, 8], 56),
  sample("separableConv1d", { filters: 3, kernelSize: 3 }, [sequence], [5, 3], 27),
  sample("separableConv2d", { filters: 2, kernelSize: 3, padding: "same", depthMultiplier: 2 }, [image], [6, 5, 2], 90),
  sample("upSampling1d", {}, [sequence], [14, 4]),
  sample("upSampling1d", { size: 3, interpolation: "linear" }, [sequence], [21, 4]),
  sample("upSampling2d", { size: [1, 3] }, [image], [6, 15, 4]),
  sample("upSampling2d", { interpolation: "bilinear" }, [[3, 2, 2]], [6, 4, 2]),
  sample("upSampling3d", { size: [1, 2, 1] }, [volume], [3, 4, 4, 2]),
  sample("upSampling3d", { interpolation: "trilinear" }, [volume], [6, 4, 8, 2]),
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
  sample("maxPooling3d", {}, [volume], [1, 1, 2, 2]),
  sample("maxPooling3d", { poolSize: [2, 1, 3], strides: 1, padding: "same" }, [volume], volume),
  sample("averagePooling3d", { poolSize: [3, 2, 2] }, [volume], [1, 1, 2, 2]),
  sample("globalMaxPooling3d", {}, [volume], [2]),
  sample("globalAveragePooling3d", { keepdims: true }, [volume], [1, 1, 1, 2]),
  sample("adaptiveAveragePooling1d", { outputSize: 3 }, [sequence], [3, 4]),
  sample("adaptiveAveragePooling2d", { outputSize: 2 }, [[4, 5, 2]], [2, 2, 2]),
  sample("adaptiveAveragePooling3d", { outputSize: [3, 1, 2] }, [volume], [3, 1, 2, 2]),
  sample("adaptiveMaxPooling1d", { outputSize: 9 }, [sequence], [9, 4]),
  sample("adaptiveMaxPooling2d", { outputSize: [3, 2] }, [[4, 5, 2]], [3, 2, 2]),
  sample("adaptiveMaxPooling3d", { outputSize: 2 }, [volume], [2, 2, 2, 2]),
  sample("zeroPadding1d", { padding: 1 }, [sequence], [9, 4]),
  sample(
    "zeroPadding2d",
    {
      padding: [
        [0, 1],
        [2, 0],
      ],
    },
    [image],
    [7, 7, 4],
  ),
  sample("zeroPadding3d", { padding: [1, 0, 2] }, [volume], [5, 2, 8, 2]),
  sample("cropping1d", { cropping: [2, 1] }, [sequence], [4, 4]),
  sample("cropping2d", { cropping: [1, 2] }, [image], [4, 1, 4]),
  sample(
    "cropping3d",
    {
      cropping: [
        [1, 0],
        [0, 1],
        [1, 2],
      ],
    },
    [volume],
    [2, 1, 1, 2],
  ),
  sample("permute", { dims: [3, 1, 2] }, [image], [4, 6, 5]),
  sample("repeatVector", { n: 3 }, [[4]], [3, 4]),
  sample(
    "einsumDense",
    { equation: "btd,dhk->bthk", outputShape: [null, 2, 3], biasAxes: "hk" },
    [sequence],
    [7, 2, 3],
    30,
  ),
  sample("einsumDense", { equation: "...i,io->...o", outputShape: 3, activation: "tanh" }, [image], [6, 5, 3], 12),
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
  ...IMAGE_SAMPLES,
];
