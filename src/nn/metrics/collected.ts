import { concatenate } from "../../tensor/index.ts";
import { product } from "../../util/index.ts";
import { checkWord } from "../checks.ts";
import { aligned } from "../losses/loss.ts";
import { defineMetric, type MetricDefinition, placeWeights } from "./metric.ts";
import { averageOutputs, type PerOutputOptions } from "./moments.ts";

/** Numbers of one output, all samples, those of weight 0 left out. */
interface Sample {
  readonly y: number;
  readonly p: number;
  readonly weight: number;
}

/**
 * Spearman's correlation of each output: Pearson's of the ranks, ties having the mean of theirs (Spearman, 1904; SciPy's spearmanr). A
 * weight counts as that many samples. Targets and outputs of all samples are kept: 24 bytes for each of their numbers.
 */
export function spearmanCorrelation(options: PerOutputOptions = {}): MetricDefinition {
  return collected("spearmanCorrelation", options, (samples) => {
    const [a, b] = [ranks(samples, "y"), ranks(samples, "p")];
    const all = samples.reduce((sum, { weight }) => sum + weight, 0);
    const mean = all / 2; // of ranks that count half of themselves
    let [aa, bb, ab] = [0, 0, 0];
    samples.forEach(({ weight }, i) => {
      const [da, db] = [(a[i] as number) - mean, (b[i] as number) - mean];
      aa += weight * da * da;
      bb += weight * db * db;
      ab += weight * da * db;
    });
    return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
  });
}

/**
 * The median of |yTrue - yPred| of each output, the mean of the two in the middle where they are two (scikit-learn). A weight counts as
 * that many samples. Targets and outputs of all samples are kept: 24 bytes for each of their numbers.
 */
export function medianAbsoluteError(options: PerOutputOptions = {}): MetricDefinition {
  return collected("medianAbsoluteError", options, (samples) => {
    const errors = samples.map(({ y, p, weight }) => ({ error: Math.abs(y - p), weight }));
    errors.sort((a, b) => a.error - b.error);
    const half = errors.reduce((sum, { weight }) => sum + weight, 0) / 2;
    let below = 0;
    for (let i = 0; i < errors.length; i++) {
      const { error, weight } = errors[i] as (typeof errors)[number];
      below += weight;
      if (below === half) return (error + (errors[i + 1]?.error ?? error)) / 2;
      if (below > half) return error;
    }
    return 0;
  });
}

/** The greatest |yTrue - yPred| of each output (scikit-learn's max_error); samples of weight 0 do not count. */
export function maxError(options: PerOutputOptions = {}): MetricDefinition {
  const { average = "uniform" } = options;
  checkWord("maxError", "average", average, ["uniform", "none"]);
  return defineMetric("maxError", options, ["average"], ({ outputShape }) => {
    const outputs = product(outputShape);
    return {
      size: outputs,
      statistics(yTrue, yPred, sampleWeight) {
        const batch = yPred.shape[0] ?? 1;
        const errors = aligned(yTrue, yPred, "maxError").sub(yPred).abs().reshape([batch, outputs]);
        const seen = placeWeights(batch, outputs, sampleWeight).greater(0);
        return seen.where(errors, 0).max({ axis: 0 });
      },
      merge(total, batch) {
        for (let i = 0; i < outputs; i++) total[i] = Math.max(total[i] as number, batch[i] as number);
      },
      result: (total) => (average === "none" ? [...total] : total.reduce((sum, error) => sum + error, 0) / outputs),
    };
  });
}

function collected(kind: string, options: PerOutputOptions, of: (samples: Sample[]) => number): MetricDefinition {
  const { average = "uniform" } = options;
  checkWord(kind, "average", average, ["uniform", "none"]);
  return defineMetric(kind, options, ["average"], ({ outputShape }) => {
    const outputs = product(outputShape);
    const size = 3 * outputs;
    return {
      size,
      collects: true,
      statistics(yTrue, yPred, sampleWeight) {
        const batch = yPred.shape[0] ?? 1;
        const columns = [aligned(yTrue, yPred, kind), yPred].map((x) => x.reshape([batch, outputs]));
        return concatenate([...columns, placeWeights(batch, outputs, sampleWeight)], { axis: 1 }).flatten();
      },
      result(total) {
        const scores = Array.from({ length: outputs }, (_, k) => {
          const samples: Sample[] = [];
          for (let row = k; row < total.length; row += size) {
            const [y, p, weight] = [total[row], total[row + outputs], total[row + 2 * outputs]] as number[];
            if ((weight as number) > 0) samples.push({ y, p, weight } as Sample);
          }
          return { score: of(samples), seen: samples.length > 0 };
        });
        return averageOutputs(scores, average);
      },
    };
  });
}

/** The weight of what is smaller and half of what is equal, itself included. */
function ranks(samples: readonly Sample[], by: "y" | "p"): Float64Array {
  const value = (i: number) => (samples[i] as Sample)[by];
  const order = samples.map((_, i) => i).sort((i, j) => value(i) - value(j));
  const found = new Float64Array(samples.length);
  let smaller = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let equal = 0;
    while (end < order.length && value(order[end] as number) === value(order[start] as number)) {
      equal += (samples[order[end] as number] as Sample).weight;
      end++;
    }
    for (; start < end; start++) found[order[start] as number] = smaller + equal / 2;
    smaller += equal;
  }
  return found;
}
