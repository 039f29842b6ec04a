import { arange, concatenate, scan, scatterAdd, type Tensor, where, zeros } from "../../tensor/index.ts";
import { fail, formatShape, product } from "../../util/index.ts";
import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { checkCount, checkFlag, checkNumber } from "../checks.ts";
import type { LayerContext } from "../definition.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import type { Initializer } from "../initializers.ts";
import { checkLayerOptions, defineMergeLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";

export interface MixtureOfExpertsOptions extends LayerOptions {
  /** Experts that compute each place; default 2 (GShard, Mixtral; Switch: 1). */
  topK?: number;
  /** Of the experts; "swiglu" multiplies silu(x gate) by x hidden (Mixtral). Default "relu" (GShard, Switch). */
  activation?: ActivationSpec | "swiglu";
  /** Divide the probabilities of the experts chosen by their sum (GShard, Mixtral); default where there are several. */
  normalize?: boolean;
  /**
   * In training an expert takes ceil(capacityFactor topK places / numExperts) places of the batch, first choices before second ones;
   * what is too many gets nothing from it (GShard, Switch: 1 to 2), and experts compute no more than that. Default: all are computed,
   * by every expert, which takes numExperts / topK times the work (Mixtral drops nothing either).
   */
  capacityFactor?: number;
  /** Factor of the loss that keeps experts evenly busy; default 0.01 (Switch). */
  balanceLoss?: number;
  /** Factor of mean(logsumexp(router logits)^2) in the loss (Zoph et al., 2022); default 0; they have 0.001. */
  zLoss?: number;
  /** In training the router's input is multiplied by random numbers from 1 - jitter to 1 + jitter; default 0 (Switch has 0.01). */
  jitter?: number;
  /** Of the experts; default false (Switch, Mixtral). */
  useBias?: boolean;
  /** Of the router and of each expert; default "glorotUniform". */
  kernelInitializer?: InitializerSpec;
}

const OPTIONS = [
  "topK",
  "activation",
  "normalize",
  "capacityFactor",
  "balanceLoss",
  "zLoss",
  "jitter",
  "useBias",
  "kernelInitializer",
];

/**
 * A feed-forward part of which each place uses but some experts (Shazeer et al., 2017; GShard: Lepikhin et al., 2021; Switch: Fedus et
 * al., 2022; Mixtral: Jiang et al., 2024):
 *
 *     p = softmax(x router)        y = sum over the topK likeliest experts e of p_e expert_e(x), the p_e divided by their sum
 *     expert_e(x) = activation(x hiddenKernel_e) outputKernel_e
 *
 * [batch, ..., features] -> the same. Adds balanceLoss numExperts sum_e f_e P_e to the loss, f_e being how many of expert e a place chose on
 * average and P_e its mean probability (Switch, equation 4): least where all are chosen alike. Padding counts nowhere.
 * Weights: router [features, numExperts], hiddenKernel [numExperts, features, intermediateDim], gateKernel ("swiglu"), outputKernel
 * [numExperts, intermediateDim, features], hiddenBias, gateBias and outputBias with `useBias`.
 *
 * @param numExperts how many, @param intermediateDim features inside of each.
 *
 * @example
 * layers.mixtureOfExperts(8, 64, { activation: "swiglu" })(layers.input({ shape: [10, 16] })).shape; // [10, 16]
 */
export function mixtureOfExperts(
  numExperts: number,
  intermediateDim: number,
  options: MixtureOfExpertsOptions = {},
): Layer {
  const kind = "mixtureOfExperts";
  checkLayerOptions(kind, options, OPTIONS);
  checkCount(kind, "numExperts", numExperts);
  checkCount(kind, "intermediateDim", intermediateDim);
  const { topK = 2, activation = "relu", normalize = topK > 1, capacityFactor, useBias = false } = options;
  const { balanceLoss = 0.01, zLoss = 0, jitter = 0 } = options;
  checkCount(kind, "topK", topK);
  if (topK > numExperts) fail(`${kind} got topK = ${topK} of ${numExperts} experts`, "as many at most");
  checkFlag(kind, "normalize", normalize);
  checkFlag(kind, "useBias", useBias);
  if (capacityFactor !== undefined) checkNumber(kind, "capacityFactor", capacityFactor, 1e-3, numExperts);
  for (const [name, factor] of Object.entries({ balanceLoss, zLoss })) checkNumber(kind, name, factor, 0, 1e6);
  checkNumber(kind, "jitter", jitter, 0, 1);
  const gated = activation === "swiglu";
  const act = resolveActivation(gated ? "silu" : activation);
  const initializer = resolveInitializer(options.kernelInitializer ?? "glorotUniform");

  return defineMergeLayer({
    kind,
    options: { numExperts, intermediateDim, ...options },
    stepwise: true,
    outputShape([input = [], ...others]) {
      if (input.length > 0 && others.length === 0) return input;
      fail(
        `received samples of shape ${[input, ...others].map(formatShape).join(" and ")}`,
        "one input [..., features]",
      );
    },
    weights([input = []]) {
      const features = input.at(-1) ?? 1;
      const kernel = (from: number, to: number) => trainable([numExperts, from, to], ofEach(initializer));
      const bias = (size: number) => (useBias ? trainable([numExperts, size], "zeros") : undefined);
      return {
        router: trainable([features, numExperts], initializer),
        hiddenKernel: kernel(features, intermediateDim),
        hiddenBias: bias(intermediateDim),
        gateKernel: gated ? kernel(features, intermediateDim) : undefined,
        gateBias: gated ? bias(intermediateDim) : undefined,
        outputKernel: kernel(intermediateDim, features),
        outputBias: bias(features),
      };
    },
    call([input], weights, context) {
      const { shape } = input as Tensor;
      const features = shape.at(-1) ?? 1;
      const x = (input as Tensor).reshape([product(shape) / features, features]); // [places, features]
      const { masks, training } = context;
      const mask = masks?.[0]?.cast("float32").reshape([x.shape[0] ?? 0, 1]);
      const jittered = training && jitter > 0 ? x.mul(noise(context, x, jitter)) : x;
      const logits = jittered.matmul(weights["router"] as Tensor);
      const { chosen, shares, probabilities } = choices(logits, topK, normalize);
      const real = (each: Tensor) => (mask ? each.mul(mask) : each);
      const mean = (each: Tensor) =>
        real(each)
          .sum({ axis: 0 })
          .div(mask ? mask.sum().maximum(1) : (x.shape[0] ?? 1));
      if (balanceLoss > 0) {
        const used = mean(chosen.reduce((sum, each) => sum.add(each)));
        context.addLoss(
          used
            .mul(mean(probabilities))
            .sum()
            .mul(balanceLoss * numExperts),
        );
      }
      if (zLoss > 0)
        context.addLoss(
          mean(logits.logSumExp({ axis: -1, keepdims: true }).square())
            .sum()
            .mul(zLoss),
        );
      const experts: Experts = { act, weights, count: numExperts };
      const assigned = chosen.map(real);
      const y =
        training && capacityFactor !== undefined
          ? someOf(x, assigned, shares, experts, Math.ceil((capacityFactor * topK * (x.shape[0] ?? 1)) / numExperts))
          : allOf(x, assigned, shares, experts);
      return y.reshape(shape);
    },
  });
}
mixtureOfExperts.positional = ["numExperts", "intermediateDim"];

interface Experts {
  act(x: Tensor): Tensor;
  readonly weights: Readonly<Record<string, Tensor | undefined>>;
  readonly count: number;
}

/** The experts that places choose, one after the other, as rows with a 1 [places, experts], and the share of each, [places, 1]. */
function choices(logits: Tensor, topK: number, normalize: boolean) {
  const probabilities = logits.softmax();
  const chosen: Tensor[] = [];
  let left = probabilities;
  for (let choice = 0; choice < topK; choice++) {
    const best = left.argmax({ axis: -1 }).oneHot(logits.shape.at(-1) ?? 1);
    chosen.push(best);
    left = where(best.greater(0), -1, left);
  }
  const own = chosen.map((each) => each.mul(probabilities).sum({ axis: -1, keepdims: true }));
  const total = own.reduce((sum, each) => sum.add(each));
  return { probabilities, chosen, shares: normalize ? own.map((each) => each.div(total)) : own };
}

/**
 * Every place through all experts, as one part of numExperts intermediateDim features, of which those of experts that were not chosen
 * are multiplied by 0.
 */
function allOf(
  x: Tensor,
  chosen: readonly Tensor[],
  shares: readonly Tensor[],
  { act, weights, count }: Experts,
): Tensor {
  const [places = 0, features = 0] = x.shape;
  const share = chosen.map((each, i) => each.mul(shares[i] as Tensor)).reduce((sum, each) => sum.add(each)); // [places, experts]
  const wide = (name: string): Tensor => {
    const kernel = weights[`${name}Kernel`] as Tensor; // [experts, features, n]
    const product = x
      .matmul(kernel.transpose([1, 0, 2]).reshape([features, kernel.size / features]))
      .reshape([places, count, kernel.shape[2] ?? 1]);
    const bias = weights[`${name}Bias`];
    return bias ? product.add(bias) : product;
  };
  const hidden = weights["gateKernel"] ? act(wide("gate")).mul(wide("hidden")) : act(wide("hidden"));
  const y = hidden
    .mul(share.expandDims(-1))
    .reshape([places, hidden.size / places])
    .matmul((weights["outputKernel"] as Tensor).reshape([hidden.size / places, features]));
  const { outputBias } = weights;
  return outputBias ? y.add(share.matmul(outputBias)) : y;
}

/** Each expert computes the first `capacity` places that chose it; others get nothing from it. */
function someOf(
  x: Tensor,
  chosen: readonly Tensor[],
  shares: readonly Tensor[],
  { act, weights, count }: Experts,
  capacity: number,
): Tensor {
  const [places = 0, features = 0] = x.shape;
  // Choices in a row, first ones first: how often was the same expert chosen before?
  const all = concatenate(chosen, { axis: 0 }); // [topK places, experts]
  const [, before] = scan((sum: Tensor, row: Tensor) => [sum.add(row), sum] as const, {
    init: zeros([count]),
    xs: all,
  });
  const rank = before.mul(all).sum({ axis: -1 });
  const fits = rank.less(capacity).logicalAnd(all.sum({ axis: -1 }).greater(0));
  const slot = where(fits, all.argmax({ axis: -1 }).mul(capacity).add(rank.cast("int32")), -1).cast("int32");
  const number = concatenate(
    chosen.map(() => arange(1, places + 1).cast("float32")),
    { axis: 0 },
  ); // of the place that chose, from 1
  const taken = scatterAdd(slot, number, count * capacity).sub(1); // -1: nobody, whose features are 0
  const given = x.take(taken.cast("int32")).reshape([count, capacity, features]);
  const through = (input: Tensor, name: string): Tensor => {
    const product = input.matmul(weights[`${name}Kernel`] as Tensor);
    const bias = weights[`${name}Bias`];
    return bias ? product.add(bias.expandDims(1)) : product;
  };
  const hidden = through(given, "hidden");
  const active = weights["gateKernel"] ? act(through(given, "gate")).mul(hidden) : act(hidden);
  const rows = through(active, "output").reshape([count * capacity, features]);
  const parts = shares.map((share, i) => rows.take(slot.slice([i * places, (i + 1) * places])).mul(share));
  return parts.reduce((sum, each) => sum.add(each));
}

/** Numbers of [experts, from, to], drawn for each expert by itself. */
function ofEach(initializer: Initializer): Initializer {
  return {
    ...initializer,
    values(shape, random) {
      const [count = 0, ...own] = shape;
      const all = new Float32Array(product(shape));
      for (let i = 0; i < count; i++) all.set(initializer.values(own, random), i * product(own));
      return all;
    },
  };
}

function noise({ key }: LayerContext, x: Tensor, jitter: number): Tensor {
  return key.uniform(x.shape, { min: 1 - jitter, max: 1 + jitter });
}
