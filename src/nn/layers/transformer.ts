import type { Tensor } from "../../tensor/index.ts";
import { checkOptions, fail, formatShape, type Shape, show } from "../../util/index.ts";
import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkCount, checkNumber, checkWord } from "../checks.ts";
import { checkLayerOptions, defineMergeLayer, type Layer, type LayerOptions } from "../layer.ts";
import { Parts } from "../parts.ts";
import { dense } from "./dense.ts";
import { dropout as dropoutLayer } from "./dropout.ts";
import { groupedQueryAttention } from "./grouped-query-attention.ts";
import { layerNormalization } from "./layer-normalization.ts";
import { type MixtureOfExpertsOptions, mixtureOfExperts } from "./mixture-of-experts.ts";
import { multiHeadAttention } from "./multi-head-attention.ts";
import { rmsNormalization } from "./rms-normalization.ts";

/** Of a feed-forward part of experts: how many, and what `mixtureOfExperts` knows beside what the block says. */
export interface TransformerExperts
  extends Pick<
    MixtureOfExpertsOptions,
    "topK" | "normalize" | "capacityFactor" | "balanceLoss" | "zLoss" | "jitter" | "kernelInitializer"
  > {
  numExperts: number;
}

export interface TransformerOptions extends LayerOptions {
  /** Of the feed-forward part; "swiglu" multiplies silu(x gate) by x hidden (Shazeer, 2020). Default "relu" (the paper, KerasHub). */
  activation?: ActivationSpec | "swiglu";
  /** How likely a number of either part's result, and a weight of the attention, is 0 in training; default 0 (KerasHub). */
  dropout?: number;
  /** Normalize what goes into a part (GPT-2, Llama) instead of what comes out of its sum (the paper); default false (KerasHub). */
  normalizeFirst?: boolean;
  /** Default "layer"; "rms" as in Llama. */
  normalization?: "layer" | "rms";
  /** Default 1e-5 (KerasHub, PyTorch). */
  epsilon?: number;
  /** Default true. */
  useBias?: boolean;
  /** Default not at all; see `multiHeadAttention`. */
  positions?: "rotary" | "alibi";
  /** Heads of keys and values, a divisor of numHeads; default numHeads. */
  numKeyValueHeads?: number;
  /** The feed-forward part is a mixture of experts of intermediateDim features each, such as `{ numExperts: 8 }`; default one for all. */
  experts?: TransformerExperts;
}

export interface TransformerEncoderOptions extends TransformerOptions {
  /** Each place sees itself and those before it only; default false. */
  causal?: boolean;
}

/**
 * Attention of a sequence to itself, then a feed-forward part, each with dropout, a sum and a normalization (Vaswani et al., 2017):
 * [batch, places, features] -> the same. Weights: attention.*, attentionNorm.*, hidden.*, gate.* ("swiglu"), output.*, outputNorm.*;
 * with `experts` those of `mixtureOfExperts`, experts.*, stand for hidden.*, gate.* and output.*.
 *
 * @param intermediateDim features between the two products of the feed-forward part, @param numHeads a divisor of the features.
 *
 * @example
 * layers.transformerEncoder(64, 4, { activation: "gelu", normalizeFirst: true })(layers.input({ shape: [10, 16] })).shape; // [10, 16]
 */
export function transformerEncoder(
  intermediateDim: number,
  numHeads: number,
  options: TransformerEncoderOptions = {},
): Layer {
  checkLayerOptions("transformerEncoder", options, [...OPTIONS, "causal"]);
  return transformer("transformerEncoder", intermediateDim, numHeads, options, options.causal ?? false);
}
transformerEncoder.positional = ["intermediateDim", "numHeads"];

/**
 * The same looking back only; applied to [sequence, encoded] it attends to what an encoder made in between (Vaswani et al., 2017), with the
 * weights cross.* and crossNorm.*.
 *
 * @param intermediateDim features between the two products of the feed-forward part, @param numHeads a divisor of the features.
 *
 * @example
 * layers.transformerDecoder(64, 4)([layers.input({ shape: [7, 16] }), layers.input({ shape: [10, 16] })]).shape; // [7, 16]
 */
export function transformerDecoder(intermediateDim: number, numHeads: number, options: TransformerOptions = {}): Layer {
  checkLayerOptions("transformerDecoder", options, OPTIONS);
  return transformer("transformerDecoder", intermediateDim, numHeads, options, true);
}
transformerDecoder.positional = ["intermediateDim", "numHeads"];

const OPTIONS = [
  "activation",
  "dropout",
  "normalizeFirst",
  "normalization",
  "epsilon",
  "useBias",
  "positions",
  "numKeyValueHeads",
  "experts",
];

function transformer(
  kind: string,
  intermediateDim: number,
  numHeads: number,
  options: TransformerOptions,
  causal: boolean,
): Layer {
  checkCount(kind, "intermediateDim", intermediateDim);
  checkCount(kind, "numHeads", numHeads);
  const { activation = "relu", dropout = 0, normalizeFirst = false, normalization = "layer", epsilon = 1e-5 } = options;
  const { useBias = true, positions, numKeyValueHeads = numHeads, experts } = options;
  checkNumber(kind, "dropout", dropout, 0, 0.999);
  checkWord(kind, "normalization", normalization, ["layer", "rms"]);
  if (positions !== undefined) checkWord(kind, "positions", positions, ["rotary", "alibi"]);
  const gated = activation === "swiglu";
  const act = resolveActivation(gated ? "silu" : activation);
  const mixture =
    experts === undefined ? undefined : mixtureOf(kind, intermediateDim, experts, { activation, useBias });
  const crosses = (inputs: readonly unknown[]) => kind === "transformerDecoder" && inputs.length === 2;

  function partsOf(width: number, crossed: boolean): Parts {
    const norm = () => (normalization === "rms" ? rmsNormalization({ epsilon }) : layerNormalization({ epsilon }));
    const heads = { useBias, dropout, causal, ...(positions && { positions }) };
    const self =
      numKeyValueHeads === numHeads
        ? multiHeadAttention(numHeads, width / numHeads, heads)
        : groupedQueryAttention(width / numHeads, numHeads, numKeyValueHeads, heads);
    return new Parts({
      attention: self,
      attentionNorm: norm(),
      ...(crossed && {
        cross: multiHeadAttention(numHeads, width / numHeads, { useBias, dropout }),
        crossNorm: norm(),
      }),
      ...(mixture
        ? { experts: mixture }
        : {
            hidden: dense(intermediateDim, { useBias }),
            ...(gated && { gate: dense(intermediateDim, { useBias }) }),
            output: dense(width, { useBias }),
          }),
      outputNorm: norm(),
      attentionDropout: dropoutLayer(dropout),
      crossDropout: dropoutLayer(dropout),
      outputDropout: dropoutLayer(dropout),
    });
  }

  return defineMergeLayer({
    kind,
    options: { intermediateDim, numHeads, ...options },
    stepwise: ([sequence, encoded]) => causal && sequence === true && !encoded,
    mask: (_, masks) => masks[0],
    outputShape(inputs) {
      const [sequence = [], encoded] = inputs;
      const fits = inputs.length === 1 || crosses(inputs);
      if (!fits || sequence.length !== 2 || (encoded && encoded.length !== 2)) {
        fail(`received samples of shape ${inputs.map(formatShape).join(" and ")}`, "sequences [places, features]");
      }
      if ((sequence[1] ?? 1) % numHeads !== 0) {
        fail(`received ${sequence[1]} features for ${numHeads} heads`, "a multiple of the heads");
      }
      return sequence;
    },
    weights(inputs) {
      const [sequence = [], encoded = []] = inputs;
      const width = sequence[1] ?? 1;
      const wide: Shape = [sequence[0] ?? 1, intermediateDim];
      const own = [sequence];
      return partsOf(width, crosses(inputs)).weights({
        ...Object.fromEntries(
          ["attention", "attentionNorm", "crossNorm", "hidden", "gate", "experts", "outputNorm"].map((name) => [
            name,
            own,
          ]),
        ),
        cross: [sequence, encoded],
        output: [wide],
      });
    },
    call(inputs, weights, context) {
      const [x, encoded] = inputs as [Tensor, Tensor?];
      const [seen, seenThere] = context.masks ?? [];
      const part = partsOf(x.shape[2] ?? 1, crosses(inputs)).within(weights as Record<string, Tensor>, context);
      const residual = (x: Tensor, name: string, f: (x: Tensor) => Tensor): Tensor => {
        const norm = (y: Tensor) => part(`${name}Norm`, [y]);
        const added = x.add(part(`${name}Dropout`, [f(normalizeFirst ? norm(x) : x)]));
        return normalizeFirst ? added : norm(added);
      };
      const feedForward = (x: Tensor): Tensor => {
        if (mixture) return part("experts", [x], [seen]);
        const hidden = part("hidden", [x]);
        return part("output", [gated ? act(part("gate", [x])).mul(hidden) : act(hidden)]);
      };
      let y = residual(x, "attention", (x) => part("attention", [x], [seen]));
      if (encoded) y = residual(y, "cross", (x) => part("cross", [x, encoded], [seen, seenThere]));
      return residual(y, "output", feedForward);
    },
  });
}

const EXPERTS = [
  "numExperts",
  "topK",
  "normalize",
  "capacityFactor",
  "balanceLoss",
  "zLoss",
  "jitter",
  "kernelInitializer",
];

/** The feed-forward part of experts. */
function mixtureOf(
  kind: string,
  intermediateDim: number,
  experts: unknown,
  own: Pick<TransformerOptions, "activation" | "useBias">,
): Layer {
  if (typeof experts !== "object" || experts === null || Array.isArray(experts)) {
    fail(`${kind} got experts = ${show(experts)}`, "their number and options, such as { numExperts: 8, topK: 2 }");
  }
  const { numExperts, ...options } = experts as TransformerExperts;
  const others = Object.keys(own).filter((name) => name in options);
  checkOptions(`${kind}'s experts`, experts, [...EXPERTS, ...others]);
  if (others.length > 0)
    fail(`${kind} got experts with ${others.join(" and ")}`, `${others.join(" and ")} of the block itself`);
  return mixtureOfExperts(numExperts, intermediateDim, { ...options, ...own });
}
