/** A way from values to a position between 0 and 1, and the values to mark on it. */
export interface Scale {
  /** 0 at the axis' start, 1 at its end. */
  at(value: number): number;
  ticks: number[];
  logarithmic: boolean;
}

/** Steps of 1, 2 or 5 times a power of ten: about `count` of them from `min` to `max`. */
export function niceStep(min: number, max: number, count: number): number {
  const rough = (max - min) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

/** An axis that holds all finite values and ends on marks; `ceiling` cuts it off above (1 for shares). */
export function linearScale(values: Iterable<number>, count = 5, ceiling = Number.POSITIVE_INFINITY): Scale {
  let [min, max] = extent(values);
  const size = Math.max(Math.abs(min), Math.abs(max));
  if (max - min <= size * 1e-9 || size < 1e-300) {
    const margin = size < 1e-300 ? 1 : size * 0.1; // one value, so to speak: an axis around it
    [min, max] = [min - margin, Math.min(ceiling, max + margin)];
  }
  const step = niceStep(min, max, count);
  const first = Math.floor(min / step + 1e-9);
  const last = Math.min(Math.ceil(max / step - 1e-9), Math.floor(ceiling / step + 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  const [low, high] = [first * step, Math.max(last * step, max)];
  return { at: (value) => (value - low) / (high - low), ticks, logarithmic: false };
}

/** An axis of powers of ten, for positive values that span more than a linear one shows. */
export function logScale(values: Iterable<number>): Scale {
  const [min, max] = extent(values);
  const [low, high] = [Math.log10(min), Math.log10(max)];
  const ticks: number[] = [];
  const decades = high - low;
  const leads = decades > 4 ? [1] : decades > 2 ? [1, 3] : [1, 2, 5];
  const every = Math.max(1, Math.ceil(decades / 6));
  for (let power = Math.floor(low); power <= Math.ceil(high); power++) {
    if (power % every !== 0) continue;
    for (const lead of leads) {
      const tick = Number(`${lead}e${power}`);
      if (tick >= min * 0.999 && tick <= max * 1.001) ticks.push(tick);
    }
  }
  const margin = decades * 0.04;
  const [bottom, top] = [low - margin, high + margin];
  return { at: (value) => (Math.log10(value) - bottom) / (top - bottom), ticks, logarithmic: true };
}

/** Logarithmic when all values are positive and the largest is more than 30 times the smallest. */
export function valueScale(values: readonly number[], count: number, share: boolean): Scale {
  const [min, max] = extent(values);
  if (!share && min > 0 && max / min > 30) return logScale(values);
  return linearScale(values, count, share && max <= 1 ? 1 : undefined);
}

function extent(values: Iterable<number>): [number, number] {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return min <= max ? [min, max] : [0, 1];
}
