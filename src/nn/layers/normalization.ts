import { tensor } from "../../tensor/index.ts";
import { fail, formatShape, product, type Shape, show } from "../../util/index.ts";
import { type AdaptableLayer, type AdaptData, adaptable, batchesOf, notAdapted } from "../adapt.ts";
import { checkLayerOptions, defineLayer, type LayerOptions } from "../layer.ts";

export interface NormalizationOptions extends LayerOptions {
  /** The axis or axes with means of their own, the batch being axis 0; null: one mean for everything; default -1 (Keras). */
  axis?: number | readonly number[] | null;
  /** One number, or one per entry of the axes, row-major; what `adapt` finds. */
  mean?: number | readonly number[];
  /** Likewise. */
  variance?: number | readonly number[];
  /** Undo it: x deviation + mean; default false (Keras). */
  invert?: boolean;
}

/** The least deviation: Keras's epsilon. */
const EPSILON = 1e-7;

/**
 * y = (x - mean) / max(sqrt(variance), 1e-7), mean and (biased) variance of the data that it was adapted to (Keras's Normalization).
 *
 * @example
 * const scaled = await layers.normalization().adapt([[1, 10], [3, 30]]); // means [2, 20]
 * const regression = sequential([layers.input({ shape: [2] }), scaled, layers.dense(1)]);
 */
export function normalization(options: NormalizationOptions = {}): AdaptableLayer {
  const kind = "normalization";
  checkLayerOptions(kind, options, ["axis", "mean", "variance", "invert"]);
  const { axis = -1, invert = false } = options;
  const axes = axis === null ? [] : Array.isArray(axis) ? (axis as readonly number[]) : [axis as number];
  if (!axes.every((each) => Number.isInteger(each) && each !== 0)) {
    fail(`${kind} got axis = ${show(axis)}`, "an axis other than 0, which is the batch, a list of such, or null");
  }
  const mean = numbersOf("mean", options.mean);
  const variance = numbersOf("variance", options.variance);
  if ((mean === undefined) !== (variance === undefined)) fail(`${kind} got mean or variance alone`, "both, or neither");
  if (variance?.some((each) => each < 0)) fail(`${kind} got a negative variance`, "0 or more");

  const layer = defineLayer({
    kind,
    options,
    outputShape(input) {
      const count = product(keptOf(input, axes));
      if (!mean || !variance) return notAdapted(kind, "the options mean and variance");
      for (const given of [mean, variance]) {
        if (given.length === 1 || given.length === count) continue;
        const found = `samples of shape ${formatShape(input)} for ${given.length} means`;
        fail(`received ${found}`, `${count} of them, for axis ${show(axis)}`);
      }
      return input;
    },
    call(x) {
      const shape = [1, ...keptOf(x.shape.slice(1), axes)];
      const spread = (values: readonly number[]) => {
        return tensor(Float32Array.from(values), { shape: values.length === 1 ? [1] : shape });
      };
      const center = spread(mean ?? []);
      const deviation = (variance ?? []).map((each) => Math.max(Math.sqrt(each), EPSILON));
      if (invert) return x.mul(spread(deviation)).add(center);
      return x.sub(center).mul(spread(deviation.map((each) => 1 / each)));
    },
  });
  return adaptable(layer, async (data: AdaptData) => normalization({ ...options, ...(await momentsOf(data, axes)) }));
}

/** A sample's shape with 1 for the axes that share their mean. */
function keptOf(sample: Shape, axes: readonly number[]): number[] {
  const kept = axes.map((axis) => (axis < 0 ? sample.length + axis : axis - 1));
  for (const [i, axis] of kept.entries()) {
    if (axis >= 0 && axis < sample.length) continue;
    fail(`received samples of shape ${formatShape(sample)}`, `axis ${axes[i]} (axis 0 is the batch)`);
  }
  return sample.map((size, axis) => (kept.includes(axis) ? size : 1));
}

function numbersOf(name: string, value: unknown): readonly number[] | undefined {
  if (value === undefined) return undefined;
  const list = typeof value === "number" ? [value] : value;
  if (Array.isArray(list) && list.length > 0 && list.every((each) => Number.isFinite(each))) return list as number[];
  fail(`normalization got ${name} = ${show(value)}`, "a finite number or a list of them");
}

/** Mean and variance in float64, batches merged as Chan et al. (1979) do. */
async function momentsOf(data: AdaptData, axes: readonly number[]): Promise<{ mean: number[]; variance: number[] }> {
  let count = 0;
  let mean = new Float64Array(0);
  let squares = new Float64Array(0); // of the distances from the mean
  for await (const { shape, values } of batchesOf("normalization", data)) {
    const place = placesOf(shape, keptOf(shape.slice(1), axes));
    const groups = place.reduce((most, each) => Math.max(most, each), 0) + 1;
    if (count === 0) [mean, squares] = [new Float64Array(groups), new Float64Array(groups)];
    const own = values.length / groups;
    const ownMean = new Float64Array(groups);
    const ownSquares = new Float64Array(groups);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      const group = place[i % place.length] as number;
      if (!Number.isFinite(value))
        fail(`normalization is adapted to ${value}`, "finite numbers", "fill in missing values");
      ownMean[group] = (ownMean[group] as number) + value / own;
    }
    for (let i = 0; i < values.length; i++) {
      const group = place[i % place.length] as number;
      ownSquares[group] = (ownSquares[group] as number) + ((values[i] as number) - (ownMean[group] as number)) ** 2;
    }
    const total = count + own;
    for (let g = 0; g < groups; g++) {
      const distance = (ownMean[g] as number) - (mean[g] as number);
      mean[g] = (mean[g] as number) + (distance * own) / total;
      squares[g] = (squares[g] as number) + (ownSquares[g] as number) + (distance ** 2 * count * own) / total;
    }
    count = total;
  }
  return { mean: [...mean], variance: [...squares].map((each) => each / count) };
}

/** For each element of a sample, the number of the mean that it belongs to. */
function placesOf(shape: Shape, kept: Shape): Int32Array {
  const sample = shape.slice(1);
  return Int32Array.from({ length: product(sample) }, (_, element) => {
    let [rest, place, stride] = [element, 0, 1];
    for (let axis = sample.length - 1; axis >= 0; axis--) {
      const size = sample[axis] as number;
      if ((kept[axis] as number) > 1 || size === 1) {
        place += (rest % size) * stride;
        stride *= size;
      }
      rest = Math.floor(rest / size);
    }
    return place;
  });
}
