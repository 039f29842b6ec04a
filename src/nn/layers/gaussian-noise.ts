import { checkNumber, checkRate } from "../checks.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

/**
 * In training, y = x + noise, normal with mean 0 and standard deviation `stddev`; else nothing changes (Bishop, 1995; Keras).
 *
 * @example
 * layers.gaussianNoise(0.1);
 */
export function gaussianNoise(stddev: number, options: LayerOptions = {}): Layer {
  checkLayerOptions("gaussianNoise", options);
  checkNumber("gaussianNoise", "stddev", stddev, 0);
  return defineLayer({
    kind: "gaussianNoise",
    options: { stddev, ...options },
    stepwise: true,
    outputShape: (input) => input,
    call: (x, _, { training, key }) => (training && stddev > 0 ? x.add(key.normal(x.shape, { std: stddev })) : x),
  });
}
gaussianNoise.positional = ["stddev"];

/**
 * In training, y = x noise, normal with mean 1 and standard deviation sqrt(rate / (1 - rate)), that of dropout; else nothing changes
 * (Srivastava et al., 2014; Keras).
 *
 * @example
 * layers.gaussianDropout(0.2);
 */
export function gaussianDropout(rate: number, options: LayerOptions = {}): Layer {
  checkLayerOptions("gaussianDropout", options);
  checkRate("gaussianDropout", rate);
  const std = Math.sqrt(rate / (1 - rate));
  return defineLayer({
    kind: "gaussianDropout",
    options: { rate, ...options },
    stepwise: true,
    outputShape: (input) => input,
    call: (x, _, { training, key }) => (training && rate > 0 ? x.mul(key.normal(x.shape, { mean: 1, std })) : x),
  });
}
gaussianDropout.positional = ["rate"];
