import type { Tensor } from "../tensor/index.ts";
import { type CommonOptions, countOption, defineOptimizer, type Optimizer, withDefaults } from "./optimizer.ts";

/** Options of {@link lbfgs}. */
export interface LbfgsOptions extends CommonOptions {
  /** Pairs of steps and changes of the gradient that are remembered; default 10 (Nocedal and Wright: 3 to 20; PyTorch 100). */
  history?: number | undefined;
}

/**
 * L-BFGS (Nocedal, 1980; Liu and Nocedal, 1989) with a fixed step: one update per step, from the whole data set.
 *
 *     s_i = learningRate * direction of step i,  y_i = its change of the gradient
 *     direction = -H gradient      (the two-loop recursion over the remembered pairs; H starts as (s'y / y'y) I)
 *     parameter <- parameter + learningRate * direction
 *
 * A pair with s'y of 1e-10 or less is not remembered; the first step is min(1, 1 / |gradient|_1) as long. This is PyTorch's
 * `LBFGS(max_iter=1)` without line search: a line search would compute the loss an unknown number of times, and a step here is one compiled
 * program. Where it overshoots, lower `learningRate`: default 1 (PyTorch). Takes 2 * history + 2 slots.
 *
 * @example
 * model.compile({ optimizer: optimizers.lbfgs({ learningRate: 0.5 }), loss: "meanSquaredError" });
 */
export function lbfgs(options: LbfgsOptions = {}): Optimizer {
  const all = withDefaults("lbfgs", options, { learningRate: 1, history: 10 });
  const history = countOption("lbfgs", "history", all.history);
  const ages = Array.from({ length: history }, (_, i) => i); // 0 is the oldest pair
  const names = ["gradient", "change", ...ages.flatMap((age) => [`s${age}`, `y${age}`])];
  return defineOptimizer({
    kind: "lbfgs",
    source: "Liu and Nocedal, 1989",
    options: all,
    slots: Object.fromEntries(names.map((name) => [name, 0])) as Record<string, number>,
    reach: "model",
    fullBatch: true,
    update({ parameter, gradient, slots, learningRate, step }) {
      const slot = (name: string) => slots[name] as Tensor;
      const newest = { s: slot("change"), y: gradient.sub(slot("gradient")) };
      const taken = dot(newest.s, newest.y).greater(1e-10).logicalAnd(step.greater(1));
      const pairs = ages.map((age) => {
        const old = { s: slot(`s${age}`), y: slot(`y${age}`) };
        const younger = age + 1 < history ? { s: slot(`s${age + 1}`), y: slot(`y${age + 1}`) } : newest;
        const s = taken.where(younger.s, old.s);
        const y = taken.where(younger.y, old.y);
        const curvature = dot(s, y);
        // A place that is still empty has curvature 0 and takes no part.
        const rho = curvature.greater(0).where(curvature.greater(0).where(curvature, 1).reciprocal(), 0);
        return { s, y, rho };
      });
      const direction = twoLoops(gradient, pairs).neg();
      const shortened = gradient.abs().sum().reciprocal().minimum(1).mul(learningRate);
      const change = direction.mul(step.lessEqual(1).where(shortened, learningRate));
      const kept = Object.fromEntries(
        pairs.flatMap(({ s, y }, age) => [
          [`s${age}`, s],
          [`y${age}`, y],
        ]),
      );
      return { parameter: parameter.add(change), slots: { gradient, change, ...kept } };
    },
  });
}

interface Pair {
  readonly s: Tensor;
  readonly y: Tensor;
  /** 1 / s'y, or 0 for a place that is empty. */
  readonly rho: Tensor;
}

/** H gradient, by Nocedal and Wright's Algorithm 7.4. */
function twoLoops(gradient: Tensor, pairs: readonly Pair[]): Tensor {
  let q = gradient;
  const weights: Tensor[] = [];
  for (const { s, y, rho } of pairs.toReversed()) {
    const alpha = dot(s, q).mul(rho);
    weights.unshift(alpha);
    q = q.sub(y.mul(alpha));
  }
  const last = pairs.at(-1) as Pair;
  const size = dot(last.y, last.y);
  const scale = last.rho.greater(0).where(dot(last.s, last.y).div(size.greater(0).where(size, 1)), 1);
  let r = q.mul(scale);
  pairs.forEach(({ s, y, rho }, i) => {
    const beta = dot(y, r).mul(rho);
    r = r.add(s.mul((weights[i] as Tensor).sub(beta)));
  });
  return r;
}

function dot(a: Tensor, b: Tensor): Tensor {
  return a.mul(b).sum();
}
