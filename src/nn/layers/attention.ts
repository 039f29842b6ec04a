import { attend, type Tensor } from "../../tensor/index.ts";
import { fail, formatShape } from "../../util/index.ts";
import { grown, grownMask } from "../attention/grown.ts";
import { both, checkMask, pairMask } from "../attention/mask.ts";
import { checkNumber, checkWord } from "../checks.ts";
import { checkLayerOptions, defineMergeLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";

export interface AdditiveAttentionOptions extends LayerOptions {
  /** Multiply each feature by a learned factor; default true (Keras). */
  useScale?: boolean;
  /** How likely a weight of the attention is 0 in training; default 0 (Keras). */
  dropout?: number;
  /** Each place sees itself and those before it only; default false (Keras). */
  causal?: boolean;
  /** The last input says where a query may look: [keys] or [queries, keys] for each sample, 0 for no; default false. */
  mask?: boolean;
}

export interface AttentionLayerOptions extends AdditiveAttentionOptions {
  /** Multiply the scores by a learned factor; default false (Keras). */
  useScale?: boolean;
  /** "dot": query . key. "concat": the learned factor times sum(tanh(query + key)). Default "dot" (Keras). */
  scoreMode?: "dot" | "concat";
}

/**
 * Dot-product attention (Luong et al., 2015), without heads and projections: softmax(query key^T) value, applied to [query, value] or
 * [query, value, key]: [batch, queries, d], [batch, keys, e], [batch, keys, d] -> [batch, queries, e].
 * Weights: scale [] with `useScale`; concatScoreWeight [] with `scoreMode: "concat"`.
 *
 * @example
 * const [query, value] = [layers.input({ shape: [4, 8] }), layers.input({ shape: [6, 8] })];
 * layers.attention()([query, value]).shape; // [4, 8]
 */
export function attention(options: AttentionLayerOptions = {}): Layer {
  const { useScale = false, scoreMode = "dot" } = options;
  checkWord("attention", "scoreMode", scoreMode, ["dot", "concat"]);
  return sourceAttention("attention", [...OPTIONS, "scoreMode"], options, {
    weights: () => ({
      scale: useScale ? trainable([], "ones") : undefined,
      concatScoreWeight: scoreMode === "concat" ? trainable([], "ones") : undefined,
    }),
    scores(query, key, { scale, concatScoreWeight }) {
      if (!concatScoreWeight) {
        const products = query.matmul(key.transpose([0, 2, 1]));
        return scale ? products.mul(scale) : products;
      }
      const sums = pairSums(query, key);
      const activated = (scale ? sums.mul(scale) : sums).tanh().sum({ axis: -1 });
      return activated.mul(concatScoreWeight);
    },
  });
}

/**
 * Additive attention (Bahdanau et al., 2015): scores sum(scale tanh(query + key)) over the features, applied to [query, value] or
 * [query, value, key]: [batch, queries, d], [batch, keys, e], [batch, keys, d] -> [batch, queries, e]. Weights: scale [d].
 *
 * @example
 * const [query, value] = [layers.input({ shape: [4, 8] }), layers.input({ shape: [6, 8] })];
 * layers.additiveAttention()([query, value]).shape; // [4, 8]
 */
export function additiveAttention(options: AdditiveAttentionOptions = {}): Layer {
  const { useScale = true } = options;
  return sourceAttention("additiveAttention", OPTIONS, options, {
    weights: (features) => ({ scale: useScale ? trainable([features], "glorotUniform") : undefined }),
    scores(query, key, { scale }) {
      const sums = pairSums(query, key).tanh();
      return (scale ? sums.mul(scale) : sums).sum({ axis: -1 });
    },
  });
}

const OPTIONS = ["useScale", "dropout", "causal", "mask"];

type Specs = Readonly<Record<string, ReturnType<typeof trainable> | undefined>>;

/** Attention from one sequence to another, given how scores [batch, queries, keys] are made. */
function sourceAttention(
  kind: string,
  names: readonly string[],
  options: AdditiveAttentionOptions,
  method: {
    weights(features: number): Specs;
    scores(query: Tensor, key: Tensor, weights: Readonly<Record<string, Tensor | undefined>>): Tensor;
  },
): Layer {
  checkLayerOptions(kind, options, names);
  const { dropout = 0, causal = false, mask = false } = options;
  checkNumber(kind, "dropout", dropout, 0, 0.999);
  const sources = <T>(inputs: readonly T[]) => (mask ? inputs.slice(0, -1) : inputs);

  return defineMergeLayer({
    kind,
    options,
    stepwise([query, ...others]) {
      return query === true && !(mask && others.pop()) && (causal || !others.includes(true));
    },
    mask: (_, masks) => masks[0],
    outputShape(inputs) {
      const [query, value, key = value] = sources(inputs);
      const found = inputs.map(formatShape).join(" and ");
      const sequences = [query, value, key].every((shape) => shape?.length === 2);
      if (!query || !value || !key || !sequences || sources(inputs).length > 3) {
        fail(
          `received samples of shapes ${found}`,
          "sequences [query, value] or [query, value, key]",
          "apply it to a list",
        );
      }
      if (query[1] !== key[1] || value[0] !== key[0]) {
        fail(`received samples of shapes ${found}`, "queries and keys of equal features, and as many keys as values");
      }
      if (mask) checkMask(inputs.at(-1) ?? [], query[0] ?? 1, key[0] ?? 1);
      return [query[0] ?? 1, value[1] ?? 1];
    },
    weights: (inputs): Specs => method.weights(inputs[0]?.[1] ?? 1),
    call(inputs, weights, context) {
      const [query, value, key = value] = sources(inputs) as [Tensor, Tensor, Tensor?];
      const [, ofValue, ofKey = ofValue] = sources(context.masks ?? []);
      const { past } = context;
      const padding = both(
        grownMask(past, "valueMask", value, ofValue),
        ofKey === ofValue ? undefined : grownMask(past, "keyMask", key, ofKey),
      )?.expandDims(1); // [batch, 1, keys]
      const given = mask ? pairMask(inputs.at(-1) as Tensor, query.shape[1] ?? 1, past) : undefined;
      const shown = both(given, padding);
      const [keys, values] = [grown(past, "key", key, key), grown(past, "value", value, value)];
      return attend((query, key) => method.scores(query, key, weights), query, keys, values, {
        causal,
        ...(past && { offset: past.position }),
        ...(shown && { mask: shown }),
        ...(context.training && dropout > 0 && { dropout: { rate: dropout, key: context.key } }),
      });
    },
  });
}

/** query + key for every pair: [batch, queries, keys, features]. */
function pairSums(query: Tensor, key: Tensor): Tensor {
  return query.expandDims(2).add(key.expandDims(1));
}
