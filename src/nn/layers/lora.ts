import type { Tensor } from "../../tensor/index.ts";
import { fail, product, type Shape } from "../../util/index.ts";
import { checkCount, checkNumber } from "../checks.ts";
import type { WeightSpec } from "../definition.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { innerLayer } from "../inner-layer.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";

export interface LoraOptions extends LayerOptions {
  /** Columns of A and rows of B; default 8 (PEFT). */
  rank?: number;
  /** The change counts alpha / rank; default `rank` (Keras). */
  alpha?: number;
  /** Of A; default "heUniform" (Keras; the paper: random). B begins with zeros. */
  aInitializer?: InitializerSpec;
}

/**
 * Another layer whose kernel W is frozen and changed by a product of two small matrices: W + alpha / rank A B, W as [rest, last
 * axis] (Hu et al., "LoRA", 2021). For any layer with a kernel or embeddings: dense, convolution, embedding. Only A and B are trained;
 * B begins with zeros, so that the layer begins as it was. Dense, einsum-dense, embedding and convolution layers are computed as
 * x W + (x A) B, so that no matrix of W's size is made in training; of others, such as depthwise convolutions, the sum is formed. Weights: the layer's, frozen; loraA [rest, rank], loraB [rank, last axis].
 *
 * `addLora(model)` puts it around the layers of a trained model, and `mergeLora(model)` makes plain layers of it again.
 *
 * @example
 * layers.lora(layers.dense(64, { activation: "relu" }), { rank: 4, alpha: 8, inputShape: [128] });
 */
export function lora(layer: Layer, options: LoraOptions = {}): Layer {
  const kind = "lora";
  checkLayerOptions(kind, options, ["rank", "alpha", "aInitializer"]);
  const { rank = 8, alpha = rank } = options;
  checkCount(kind, "rank", rank);
  checkNumber(kind, "alpha", alpha);
  const aInitializer = resolveInitializer(options.aInitializer ?? "heUniform");
  const inner = innerLayer(kind, layer);
  const { definition } = inner;

  /** The inner layer's weights, and which of them is changed. */
  function weightsOf(input: Shape) {
    const weights = definition.weights([input]);
    const name = "kernel" in weights ? "kernel" : "embeddings";
    const spec = weights[name];
    if (!spec) fail(`got a ${definition.kind} layer, which has no kernel`, "a dense, convolution or embedding layer");
    return { weights, columns: spec.shape.at(-1) ?? 1, rows: product(spec.shape.slice(0, -1)) };
  }

  return defineLayer<Record<string, WeightSpec>>({
    kind,
    options: { layer: inner, ...options },
    ...(definition.indices !== undefined && { indices: definition.indices }),
    stepwise: definition.stepwise ?? false,
    outputShape(input) {
      weightsOf(input);
      return definition.outputShape([input]);
    },
    weights(input) {
      const { weights, rows, columns } = weightsOf(input);
      const own = Object.entries(weights).map(([name, spec]) => [
        name,
        spec.trainable ? { ...spec, frozen: true } : spec,
      ]);
      return {
        ...Object.fromEntries(own),
        loraA: trainable([rows, rank], aInitializer),
        loraB: trainable([rank, columns], "zeros"),
      };
    },
    call(x, { loraA, loraB, ...weights }, context) {
      const name = "kernel" in weights ? "kernel" : "embeddings";
      const [kernel, a, b] = [weights[name], loraA, loraB?.mul(alpha / rank)] as [Tensor, Tensor, Tensor];
      if (definition.callChanged) return definition.callChanged([x], { ...weights, [name]: kernel }, { a, b }, context);
      const changed = kernel.add(a.matmul(b).reshape(kernel.shape));
      return definition.call([x], { ...weights, [name]: changed }, context);
    },
  });
}
lora.positional = ["layer"];
