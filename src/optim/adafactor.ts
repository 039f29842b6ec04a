import { concatenate, type Tensor, zeros } from "../tensor/index.ts";
import { rootMeanSquare } from "./norm.ts";
import { type CommonOptions, defineOptimizer, numberOption, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link adafactor}. */
export interface AdafactorOptions extends CommonOptions {
  /** The second moment keeps 1 - t^beta2Decay of itself; default -0.8 (the paper, Keras, PyTorch). */
  beta2Decay?: number | undefined;
  /** Least mean square of a row that is divided by; default 1.1920929e-7, float32's resolution (PyTorch; Keras 1e-30). */
  epsilon1?: number | undefined;
  /** Least size of a weight that steps are relative to; default 1e-3 (the paper, Keras, PyTorch). */
  epsilon2?: number | undefined;
  /** Root mean square of a step, relative, above which it is scaled down; default 1 (the paper, Keras, PyTorch). */
  clipThreshold?: number | undefined;
  /** Part of the parameter taken away per step, times the learning rate; default 0 (PyTorch). */
  weightDecay?: number | undefined;
}

/**
 * Adafactor (Shazeer and Stern, 2018): Adam without momentum whose second moment of a matrix is the product of its row and
 * column means, and whose steps are relative to the weight's size.
 *
 *     rows    <- rows + t^beta2Decay * (mean over columns of gradient^2 - rows)      (columns likewise)
 *     v       = rows * columns / max(mean of rows, epsilon1)
 *     u       = gradient / sqrt(v)
 *     rate    = max(epsilon2, rms(parameter)) * min(learningRate, 1 / sqrt(t))
 *     parameter <- parameter - rate / max(1, rms(u) / clipThreshold) * u
 *
 * As PyTorch's `Adafactor`: the last two axes are rows and columns, weights of one axis have a full second moment. Default
 * `learningRate` 0.01 (the paper's greatest relative step, PyTorch; Keras 0.001). Rows and columns lie in the beginning of one
 * slot of the weight's size, since slots are flat: it saves work, not memory.
 *
 * @example
 * model.compile({ optimizer: "adafactor", loss: "meanSquaredError" });
 */
export function adafactor(options: AdafactorOptions = {}): Optimizer {
  const defaults = {
    learningRate: 0.01,
    beta2Decay: -0.8,
    epsilon1: 1.1920929e-7,
    epsilon2: 1e-3,
    clipThreshold: 1,
    weightDecay: 0,
  };
  const all = withDefaults("adafactor", options, defaults);
  const beta2Decay = numberOption("adafactor", "beta2Decay", all.beta2Decay, Number.NEGATIVE_INFINITY, 0);
  const epsilon1 = numberOption("adafactor", "epsilon1", all.epsilon1, 0);
  const epsilon2 = numberOption("adafactor", "epsilon2", all.epsilon2, 0);
  const clipThreshold = numberOption("adafactor", "clipThreshold", all.clipThreshold, Number.MIN_VALUE);
  const weightDecay = numberOption("adafactor", "weightDecay", all.weightDecay, 0);
  return defineOptimizer({
    kind: "adafactor",
    source: "Shazeer and Stern, 2018",
    options: all,
    slots: { secondMoment: 0 },
    reach: "weights",
    update({ parameter, gradient, slots, learningRate, step }) {
      const share = step.log().mul(beta2Decay).exp();
      const size = rootMeanSquare(parameter).maximum(epsilon2);
      const rate = learningRate.minimum(step.rsqrt()).mul(size);
      const towards = (old: Tensor, target: Tensor) => old.add(target.sub(old).mul(share));
      let variance: Tensor;
      let secondMoment: Tensor;
      const [height = 1, width = 1] = parameter.rank > 1 ? parameter.shape.slice(-2) : [];
      if (height > 1 && width > 1) {
        const square = gradient.square();
        const [oldRows, oldColumns] = unpack(slots.secondMoment);
        const rows = towards(oldRows, square.mean({ axis: -1, keepdims: true }));
        const columns = towards(oldColumns, square.mean({ axis: -2, keepdims: true }));
        variance = rows.mul(columns).div(rows.mean({ axis: -2, keepdims: true }).maximum(epsilon1));
        secondMoment = pack(rows, columns, parameter.shape);
      } else {
        variance = towards(slots.secondMoment, gradient.square());
        secondMoment = variance;
      }
      const direction = gradient.mul(variance.maximum(epsilon1 * epsilon1).rsqrt());
      const limit = rootMeanSquare(direction).div(clipThreshold).maximum(1);
      const kept = weightDecay > 0 ? parameter.mul(learningRate.mul(-weightDecay).add(1)) : parameter;
      return { parameter: kept.sub(direction.mul(rate.div(limit))), slots: { secondMoment } };
    },
  });
}

/** Rows [.., R, 1] and columns [.., 1, C] in the first elements of a slot [.., R, C]; R and C are 2 or more. */
function pack(rows: Tensor, columns: Tensor, shape: readonly number[]): Tensor {
  const rest = shape.reduce((product, size) => product * size, 1) - rows.size - columns.size;
  const parts = [rows.flatten(), columns.flatten(), ...(rest > 0 ? [zeros([rest])] : [])];
  return concatenate(parts).reshape(shape);
}

/** The inverse of {@link pack}. */
function unpack(slot: Tensor): [rows: Tensor, columns: Tensor] {
  const leading = slot.shape.slice(0, -2);
  const [height = 1, width = 1] = slot.shape.slice(-2);
  const flat = slot.flatten();
  const end = slot.size / width;
  return [
    flat.slice([0, end]).reshape([...leading, height, 1]),
    flat.slice([end, end + slot.size / height]).reshape([...leading, 1, width]),
  ];
}
