import { checkOptions, fail } from "../../util/index.ts";
import { perColumn } from "../statistics.ts";
import { Scaler, safeScale } from "./scaler.ts";

export interface MinMaxScalerOptions {
  /** What the training data's smallest and largest value become. Default [0, 1] (scikit-learn's `feature_range`). */
  featureRange?: readonly [number, number];
  /** Clip new data to the range. Default false (scikit-learn). */
  clip?: boolean;
}

/**
 * Scales every column linearly so that the training data fill `featureRange`, as scikit-learn's MinMaxScaler.
 * A constant column becomes the range's lower end.
 *
 * Learns `min` and `max` of the data.
 *
 * @example
 * const scaler = minMaxScaler();
 * await scaler.fit([[10], [20]]);
 * scaler.transform([[15], [30]]); // [[0.5], [2]]
 */
export function minMaxScaler(options: MinMaxScalerOptions = {}): Scaler {
  checkOptions("minMaxScaler", options, ["featureRange", "clip"]);
  const { featureRange = [0, 1], clip = false } = options;
  const [low, high] = featureRange;
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
    fail(`minMaxScaler's featureRange is [${low}, ${high}]`, "two finite numbers, the smaller first");
  }
  return new Scaler({
    kind: "minMaxScaler",
    options: { featureRange: [low, high], clip },
    fit(matrix) {
      const learned = perColumn(matrix, "minMaxScaler.fit", (values) => {
        const sorted = values.slice().sort();
        return { min: sorted[0]!, max: sorted[sorted.length - 1]! };
      });
      return { min: learned.map((column) => column.min), max: learned.map((column) => column.max) };
    },
    affine({ min = [], max = [] }) {
      return {
        center: min,
        factor: max.map((largest, c) => (high - low) / safeScale(largest - min[c]!)),
        shift: min.map(() => low),
        clip: clip ? [low, high] : undefined,
      };
    },
  });
}
