import type { Tensor } from "../tensor/index.ts";
import { fail, show } from "../util/index.ts";
import { type AdamOptions, adamConstants, adamUpdate } from "./adam.ts";
import { norm } from "./norm.ts";
import { countOption, defineOptimizer, flagOption, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link muon}; beta1, beta2 and epsilon are those of the Adam that updates biases and other vectors. */
export interface MuonOptions extends AdamOptions {
  /** Part of the momentum that is kept; default 0.95 (the author, Keras, PyTorch). */
  momentum?: number | undefined;
  /** Default true (the author, Keras, PyTorch). */
  nesterov?: boolean | undefined;
  /** Steps of the Newton-Schulz iteration; default 5 (the author, Keras, PyTorch). */
  iterations?: number | undefined;
  /** Part of a matrix taken away per step, times the learning rate; default 0.1 (PyTorch; Keras none). */
  weightDecay?: number | undefined;
  /**
   * What the rate of a matrix [in, out] is multiplied by: "original" (default: the author, PyTorch) sqrt(max(1, out / in)),
   * "matchAdamw" (Moonshot's) 0.2 * sqrt(max(in, out)), which takes the rates that AdamW takes.
   */
  scale?: "original" | "matchAdamw" | undefined;
  /** What the rate of Adam's weights is multiplied by; default 1 (Keras). */
  adamRate?: number | undefined;
}

/**
 * Muon (Jordan et al., 2024): momentum made orthogonal, for every weight of two axes or more, taken as a matrix
 * [everything else, last axis].
 *
 *     momentumMatrix <- momentum * momentumMatrix + (1 - momentum) * gradient
 *     g = nesterov ? momentum * momentumMatrix + (1 - momentum) * gradient : momentumMatrix
 *     X = g / |g|;   `iterations` times  X <- 3.4445 X - 4.775 (X X') X + 2.0315 (X X')^2 X
 *     parameter <- parameter * (1 - learningRate * weightDecay) - learningRate * scale * X
 *
 * Weights of one axis are updated by `adam` (as the author advises, and Keras). As PyTorch's `Muon` for matrices, but in
 * float32 where that iterates in bfloat16. Default `learningRate` 0.001 (PyTorch; Keras likewise).
 *
 * @example
 * model.compile({ optimizer: optimizers.muon({ scale: "matchAdamw" }), loss: "meanSquaredError" });
 */
export function muon(options: MuonOptions = {}): Optimizer {
  const all = withDefaults("muon", options, {
    learningRate: 0.001,
    momentum: 0.95,
    nesterov: true,
    iterations: 5,
    weightDecay: 0.1,
    scale: "original",
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    adamRate: 1,
  });
  const betas = adamConstants("muon", all);
  const mu = numberOption("muon", "momentum", all.momentum, 0, 1);
  const nesterov = flagOption("muon", "nesterov", all.nesterov);
  const iterations = countOption("muon", "iterations", all.iterations);
  const weightDecay = numberOption("muon", "weightDecay", all.weightDecay, 0);
  const adamRate = numberOption("muon", "adamRate", all.adamRate, 0);
  if (all.scale !== "original" && all.scale !== "matchAdamw") {
    fail(`muon: scale is ${show(all.scale)}`, '"original" or "matchAdamw"');
  }
  return defineOptimizer({
    kind: "muon",
    source: "Jordan et al., 2024",
    options: all,
    slots: { firstMoment: 0, secondMoment: 0 },
    reach: "weights",
    update(input) {
      const { parameter, gradient, slots, learningRate } = input;
      if (parameter.rank < 2) return adamUpdate({ ...input, learningRate: learningRate.mul(adamRate) }, betas);
      const momentum = slots.firstMoment.mul(mu).add(gradient.mul(1 - mu));
      const ahead = nesterov ? momentum.mul(mu).add(gradient.mul(1 - mu)) : momentum;
      const columns = parameter.shape.at(-1) as number;
      const matrix = ahead.reshape([parameter.size / columns, columns]);
      const direction = orthogonalized(matrix, iterations).reshape(parameter.shape);
      const [rows] = matrix.shape as [number];
      const factor =
        all.scale === "original" ? Math.sqrt(Math.max(1, columns / rows)) : 0.2 * Math.sqrt(Math.max(rows, columns));
      const kept = parameter.mul(learningRate.mul(-weightDecay).add(1));
      return {
        parameter: kept.sub(direction.mul(learningRate.mul(factor))),
        slots: { firstMoment: momentum, secondMoment: slots.secondMoment },
      };
    },
  });
}

/** About U V' of a matrix U S V' [rows, columns]: singular values come out between 0.7 and 1.2. */
function orthogonalized(matrix: Tensor, iterations: number): Tensor {
  const [rows, columns] = matrix.shape as [number, number];
  let x = rows > columns ? matrix.transpose() : matrix; // the smaller side first: the products are smaller
  x = x.div(norm(x).maximum(1e-7));
  for (let i = 0; i < iterations; i++) {
    const gram = x.matmul(x.transpose());
    const both = gram.mul(-4.775).add(gram.matmul(gram).mul(2.0315));
    x = x.mul(3.4445).add(both.matmul(x));
  }
  return rows > columns ? x.transpose() : x;
}
