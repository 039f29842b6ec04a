import { type ActivationSpec, initializers, layers, type SymbolicTensor } from "../nn/index.ts";

/** PyTorch's defaults of batch normalization, which the networks of torchvision have. */
export const NORMALIZATION = { epsilon: 1e-5, momentum: 0.9 } as const;

/** He et al. (2015), by what goes out: how torchvision's networks begin. */
export const heFanOut = initializers.varianceScaling({ scale: 2, mode: "fanOut", distribution: "untruncatedNormal" });

export interface UnitOptions {
  readonly strides?: number;
  readonly activation?: ActivationSpec | undefined;
  /** Each channel by itself. */
  readonly depthwise?: boolean;
  /** Of the convolution, and of the normalization. */
  readonly names: readonly [convolution: string, normalization: string];
}

/**
 * A convolution without bias, normalized, activated: [height, width, in] -> [ceil(height / strides), ..., filters]. Borders are padded by
 * (kernelSize - 1) / 2 zeros on all sides, as PyTorch does; with strides, "same" would put more of them behind.
 */
export function unit(x: SymbolicTensor, filters: number, kernelSize: number, options: UnitOptions): SymbolicTensor {
  const { strides = 1, activation, depthwise = false, names } = options;
  const padded = strides > 1 && kernelSize > 1 ? layers.zeroPadding2d((kernelSize - 1) / 2)(x) : x;
  const padding = strides > 1 ? "valid" : "same";
  const common = { strides, padding, useBias: false, name: names[0] } as const;
  const convolved = depthwise
    ? layers.depthwiseConv2d(kernelSize, { ...common, depthwiseInitializer: heFanOut })(padded)
    : layers.conv2d(filters, kernelSize, { ...common, kernelInitializer: heFanOut })(padded);
  const normalized = layers.batchNormalization({ ...NORMALIZATION, name: names[1] })(convolved);
  return activation === undefined ? normalized : layers.activation(activation)(normalized);
}
