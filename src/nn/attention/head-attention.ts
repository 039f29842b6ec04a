import { scaledDotProductAttention, type Tensor } from "../../tensor/index.ts";
import { fail, formatShape, type Shape } from "../../util/index.ts";
import { checkCount, checkNumber, checkWord } from "../checks.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { defineMergeLayer, type Layer, trainable } from "../layer.ts";
import { grown, grownMask } from "./grown.ts";
import { joinHeads, repeatHeads, splitHeads } from "./heads.ts";
import { both, checkMask, pairMask } from "./mask.ts";
import { alibi, MAX_WAVELENGTH, rotated } from "./positions.ts";

export interface HeadOptions {
  /** Features of the output; default those of the queries (Keras). */
  outputDim?: number;
  /** Default true (Keras). */
  useBias?: boolean;
  /** How likely a weight of the attention is 0 in training; default 0 (Keras). */
  dropout?: number;
  /** Each place sees itself and those before it only; default false. */
  causal?: boolean;
  /** The last input says where a query may look: [keys] or [queries, keys] for each sample, 0 for no; default false. */
  mask?: boolean;
  /**
   * How places are told apart: "rotary" turns queries and keys by their places (Su et al., 2021), "alibi" takes from a score what
   * grows with the distance (Press et al., 2022). Default not at all.
   */
  positions?: "rotary" | "alibi";
  /** Default "glorotUniform" (Keras; of each whole matrix here). */
  kernelInitializer?: InitializerSpec;
  /** Default "zeros" (Keras). */
  biasInitializer?: InitializerSpec;
}

/** Names of {@link HeadOptions}. */
export const HEAD_OPTIONS: readonly string[] = [
  "outputDim",
  "useBias",
  "dropout",
  "causal",
  "mask",
  "positions",
  "kernelInitializer",
  "biasInitializer",
];

/** Heads of queries, heads of keys and values, and the features of each. */
export interface HeadSizes {
  readonly heads: number;
  readonly groups: number;
  readonly keyDim: number;
  readonly valueDim: number;
}

/** A layer of attention heads; `all` is what its factory was given. */
export function headAttention(kind: string, all: object, sizes: HeadSizes, options: HeadOptions): Layer {
  const { useBias = true, dropout = 0, causal = false, mask = false, positions } = options;
  const { heads, groups, keyDim, valueDim } = sizes;
  if (options.outputDim !== undefined) checkCount(kind, "outputDim", options.outputDim);
  checkNumber(kind, "dropout", dropout, 0, 0.999);
  if (positions !== undefined) checkWord(kind, "positions", positions, ["rotary", "alibi"]);
  if (positions === "rotary" && keyDim % 2 === 1) {
    fail(`${kind} got ${keyDim} features per head for rotary positions`, "an even number");
  }
  const kernelInitializer = resolveInitializer(options.kernelInitializer ?? "glorotUniform");
  const biasInitializer = resolveInitializer(options.biasInitializer ?? "zeros");
  const widths = { query: heads * keyDim, key: groups * keyDim, value: groups * valueDim };

  return defineMergeLayer({
    kind,
    options: all,
    stepwise(growing) {
      const [query, ...others] = sourcesOf(growing, mask);
      return query && (causal || !others.includes(true)) && !(mask && growing.at(-1));
    },
    mask: (_, masks) => masks[0],
    outputShape(inputs) {
      const [query, value, key] = sourcesOf(inputs, mask);
      checkInputs(inputs, [query, value, key], mask);
      return [query[0] ?? 1, options.outputDim ?? query[1] ?? 1];
    },
    weights(inputs) {
      const [query, value, key] = sourcesOf(inputs, mask);
      const kernel = (from: number | undefined, to: number) => trainable([from ?? 1, to], kernelInitializer);
      const bias = (size: number) => (useBias ? trainable([size], biasInitializer) : undefined);
      const out = options.outputDim ?? query[1] ?? 1;
      return {
        queryKernel: kernel(query[1], widths.query),
        queryBias: bias(widths.query),
        keyKernel: kernel(key[1], widths.key),
        keyBias: bias(widths.key),
        valueKernel: kernel(value[1], widths.value),
        valueBias: bias(widths.value),
        outputKernel: kernel(heads * valueDim, out),
        outputBias: bias(out),
      };
    },
    call(inputs, w, context) {
      const { training, past } = context;
      const [query, value, key] = sourcesOf(inputs, mask);
      const [, ofValues, ofKeys] = sourcesOf(context.masks ?? [], mask);
      const padding = both(
        grownMask(past, "valueMask", value, ofValues),
        ofKeys === ofValues ? undefined : grownMask(past, "keyMask", key, ofKeys),
      ); // [batch, keys]
      const given = mask ? pairMask(inputs.at(-1) as Tensor, query.shape[1] ?? 1, past) : undefined;
      const shown = both(given, padding?.expandDims(1))?.expandDims(1); // to [batch, heads, queries, keys]
      const [q, k, v] = projected(
        [query, key, value],
        [
          [w.queryKernel, w.queryBias, heads],
          [w.keyKernel, w.keyBias, groups],
          [w.valueKernel, w.valueBias, groups],
        ],
      );
      const place = (x: Tensor, source: Tensor) =>
        positions === "rotary" ? rotated(x, MAX_WAVELENGTH, past?.whole(source) ? undefined : past) : x;
      const [keys, values] = [grown(past, "key", key, place(k, key)), grown(past, "value", value, v)];
      const [, , length = 1] = keys.shape;
      const seen = scaledDotProductAttention(
        place(q, query),
        repeatHeads(keys, heads / groups),
        repeatHeads(values, heads / groups),
        {
          causal,
          ...(past && { offset: past.position }),
          ...(shown && { mask: shown }),
          ...(positions === "alibi" && { bias: (places: Tensor) => alibi(heads, places, length) }),
          ...(training && dropout > 0 && { dropout: { rate: dropout, key: context.key } }),
        },
      );
      const output = joinHeads(seen).matmul(w.outputKernel);
      return w.outputBias ? output.add(w.outputBias) : output;
    },
  });
}

/** Query, value and key, of inputs in Keras's order: what is left out is the query, or the value for the key. */
function sourcesOf<T>(inputs: readonly T[], mask: boolean): [query: T, value: T, key: T] {
  const [query, value = query, key = value] = mask ? inputs.slice(0, -1) : inputs;
  return [query as T, value as T, key as T];
}

function checkInputs(
  inputs: readonly Shape[],
  [query, value, key]: readonly [Shape, Shape, Shape],
  mask: boolean,
): void {
  const found = inputs.map(formatShape).join(" and ");
  const count = inputs.length - (mask ? 1 : 0);
  if (count < 1 || count > 3) {
    fail(
      `received ${inputs.length} inputs`,
      `the query, [query, value] or [query, value, key]${mask ? ", and the mask last" : ""}`,
    );
  }
  if ([query, value, key].some((shape) => shape.length !== 2)) {
    fail(
      `received samples of shape ${found}`,
      "sequences [places, features]",
      "put reshape([places, features]) before it",
    );
  }
  if (value[0] !== key[0]) fail(`received samples of shape ${found}`, "as many keys as values");
  if (mask) checkMask(inputs.at(-1) ?? [], query[0] ?? 1, key[0] ?? 1);
}

type Projection = readonly [kernel: Tensor, bias: Tensor | undefined, heads: number];

/**
 * Inputs through their kernels, split into heads. One product for each: of one for all three the gradients would have to be put
 * together in memory.
 */
function projected(inputs: readonly Tensor[], projections: readonly Projection[]): [Tensor, Tensor, Tensor] {
  return inputs.map((input, i) => {
    const [kernel, bias, heads] = projections[i] as Projection;
    const own = input.matmul(kernel);
    return splitHeads(bias ? own.add(bias) : own, heads);
  }) as [Tensor, Tensor, Tensor];
}
