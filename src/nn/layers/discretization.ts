import { tensor } from "../../tensor/index.ts";
import { fail, show } from "../../util/index.ts";
import { type AdaptableLayer, type AdaptData, adaptable, batchesOf, notAdapted } from "../adapt.ts";
import { checkCount } from "../checks.ts";
import { checkLayerOptions, defineLayer, type LayerOptions } from "../layer.ts";
import { type CategoryOutput, categoryOutput, categoryShape, checkOutputMode } from "./category-output.ts";

export interface DiscretizationOptions extends LayerOptions {
  /** Where the next bin begins, ascending; what `adapt` finds. */
  binBoundaries?: readonly number[];
  /** How many bins of about equal counts `adapt` makes. */
  numBins?: number;
  /** Default "int" (Keras). */
  outputMode?: CategoryOutput;
}

/**
 * Numbers to the numbers of their bins: how many boundaries are at most x, 0 below the first (Keras's Discretization). `adapt` puts the
 * boundaries at the quantiles 1/numBins, 2/numBins, ... of the data, exactly (NumPy's linear quantiles).
 *
 * @example
 * const age = await layers.discretization({ numBins: 4, outputMode: "oneHot" }).adapt([[18], [25], [40], [61], [75]]);
 * layers.discretization({ binBoundaries: [0, 1, 2] }); // -1, 0, 1.5 -> 0, 1, 2
 */
export function discretization(options: DiscretizationOptions = {}): AdaptableLayer {
  const kind = "discretization";
  checkLayerOptions(kind, options, ["binBoundaries", "numBins", "outputMode"]);
  const { binBoundaries, numBins, outputMode = "int" } = options;
  checkOutputMode(kind, outputMode);
  if (numBins !== undefined) checkCount(kind, "numBins", numBins);
  if (binBoundaries !== undefined) {
    const list: unknown = binBoundaries;
    const ascending =
      Array.isArray(list) && list.every((each, i) => Number.isFinite(each) && (i === 0 || list[i - 1] < each));
    if (!ascending)
      fail(`${kind} got binBoundaries = ${show(binBoundaries)}`, "finite numbers, each above the one before");
  }
  const bins = (binBoundaries?.length ?? 0) + 1;
  const layer = defineLayer({
    kind,
    options,
    outputShape(input) {
      if (!binBoundaries) return notAdapted(kind, "the option binBoundaries");
      return categoryShape(input, bins, outputMode);
    },
    call(x) {
      const reached = x.expandDims(-1).greaterEqual(tensor(Float32Array.from(binBoundaries ?? [])));
      const number = bins > 1 ? reached.cast("float32").sum({ axis: -1 }) : x.mul(0);
      return categoryOutput(number, bins, outputMode);
    },
  });
  return adaptable(layer, async (data: AdaptData) => {
    if (numBins === undefined) fail(`${kind} is adapted without numBins`, "how many bins to make");
    return discretization({ ...options, binBoundaries: await quantilesOf(data, numBins) });
  });
}

/** The inner borders of bins of equal counts, equal ones left out. */
async function quantilesOf(data: AdaptData, bins: number): Promise<number[]> {
  const parts: Float64Array[] = [];
  for await (const { values } of batchesOf("discretization", data)) parts.push(Float64Array.from(values));
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    all.set(part, end);
    end += part.length;
  }
  if (!all.every(Number.isFinite)) fail("discretization is adapted to NaN or infinity", "finite numbers");
  all.sort();
  const borders = Array.from({ length: bins - 1 }, (_, i) => {
    const place = ((i + 1) / bins) * (all.length - 1);
    const below = Math.floor(place);
    const [low = 0, high = low] = [all[below], all[Math.min(below + 1, all.length - 1)]];
    return low + (high - low) * (place - below);
  });
  return borders.filter((border, i) => i === 0 || border > (borders[i - 1] as number));
}
