import { stopGradient, type Tensor } from "../../tensor/index.ts";
import { fail, type Shape } from "../../util/index.ts";
import { checkCount } from "../checks.ts";
import type { WeightSpec } from "../definition.ts";
import { innerLayer } from "../inner-layer.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, moving } from "../layer.ts";

export interface SpectralNormalizationOptions extends LayerOptions {
  /** Steps of the power iteration in each training step; default 1 (Miyato et al., 2018; Keras, PyTorch). */
  powerIterations?: number;
}

/**
 * Another layer with its kernel divided by the kernel's largest singular value, sigma = v W u for unit vectors found by power
 * iteration, v = W u / |W u| and u = v W / |v W|, W the kernel as [rest, last axis] (Miyato et al., 2018; PyTorch's spectral_norm).
 * Training moves u, and gradients flow through W and sigma; else the stored u gives sigma. Weights: the layer's; vectorU [last axis],
 * not trained.
 *
 * @example
 * layers.spectralNormalization(layers.conv2d(16, 3, { padding: "same" }), { inputShape: [28, 28, 1] });
 */
export function spectralNormalization(layer: Layer, options: SpectralNormalizationOptions = {}): Layer {
  const kind = "spectralNormalization";
  checkLayerOptions(kind, options, ["powerIterations"]);
  const { powerIterations = 1 } = options;
  checkCount(kind, "powerIterations", powerIterations);
  const inner = innerLayer(kind, layer);
  const { definition } = inner;

  /** The inner layer's weights, with a kernel among them. */
  function weightsOf(input: Shape) {
    const weights = definition.weights([input]);
    const kernel = weights["kernel"] ?? weights["embeddings"];
    if (!kernel) fail(`got a ${definition.kind} layer, which has no kernel`, "a dense, convolution or embedding layer");
    return { weights, kernel };
  }

  return defineLayer<Record<string, WeightSpec>>({
    kind,
    options: { layer: inner, ...(!definition.trainable && { trainable: false }), ...options },
    ...(definition.indices !== undefined && { indices: definition.indices }),
    stepwise: definition.stepwise ?? false,
    outputShape(input) {
      weightsOf(input);
      return definition.outputShape([input]);
    },
    weights(input) {
      const { weights, kernel } = weightsOf(input);
      const initializer = { kind: "truncatedNormal", stddev: 0.02 } as const; // Keras
      return { ...weights, vectorU: moving([kernel.shape.at(-1) ?? 1], initializer) };
    },
    call(x, { vectorU, ...weights }, context) {
      const name = "kernel" in weights ? "kernel" : "embeddings";
      const [kernel, stored] = [weights[name], vectorU] as [Tensor, Tensor];
      const matrix = kernel.reshape([-1, kernel.shape.at(-1) ?? 1]);
      const fixed = stopGradient(matrix);
      let u = stored;
      let v = unit(fixed.matmul(u));
      if (context.training) {
        u = unit(v.matmul(fixed));
        for (let step = 1; step < powerIterations; step++) {
          v = unit(fixed.matmul(u));
          u = unit(v.matmul(fixed));
        }
        if (context.trainable) context.update("vectorU", u);
      }
      const sigma = v.matmul(matrix).mul(u).sum();
      return definition.call([x], { ...weights, [name]: kernel.div(sigma) }, context);
    },
  });
}
spectralNormalization.positional = ["layer"];

/** x / |x|. */
function unit(x: Tensor): Tensor {
  return x.div(x.square().sum().maximum(1e-24).sqrt());
}
