/** An axis: where a value lies, 0 to 1, and which round values are marked. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** The round step, 1, 2 or 5 times a power of ten, that cuts `span` into at most `count` parts. */
export function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** From a round number at or below the smallest value to one at or above the largest, `ceiling` at most. */
export function linearScale(values: readonly number[], count: number, floor?: number, ceiling = Infinity): Scale {
  let [min, max] = extent(values);
  if (floor !== undefined) min = floor;
  if (max - min < 1e-9) [min, max] = [Math.max(floor ?? -Infinity, min - 0.1), Math.min(ceiling, max + 0.1)];
  const step = niceStep(max - min, count);
  const first = Math.floor(min / step + 1e-9);
  const last = Math.ceil(Math.min(max, ceiling) / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  const [low, high] = [first * step, last * step];
  return { at: (value) => (value - low) / (high - low), ticks };
}

/** Powers of ten, with 2 and 5 between them where there is room; for positive values. */
export function logScale(values: readonly number[]): Scale {
  const [min, max] = extent(values).map((value) => Math.max(value, 1e-9)) as [number, number];
  const [low, high] = [Math.log10(min) - 0.05, Math.log10(max) + 0.05];
  const leads = high - low > 2.2 ? [1] : high - low > 1.2 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(low); power <= high; power++) {
    for (const lead of leads) {
      const tick = Number(`${lead}e${power}`);
      if (Math.log10(tick) >= low && Math.log10(tick) <= high) ticks.push(tick);
    }
  }
  return { at: (value) => (Math.log10(Math.max(value, 1e-9)) - low) / (high - low), ticks };
}

export function extent(values: readonly number[]): [number, number] {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return min <= max ? [min, max] : [0, 1];
}
