import { type Tensor, tensor } from "../../tensor/index.ts";

/** Intervals of the table, and of the integral between two of its entries. */
const INTERVALS = 1024;
const STEPS = 16;

/**
 * Numbers with the distribution Beta(a, b) from uniform ones: the inverse of its distribution function F. With x = t^(1/a), F(x) for x up to
 * 1/2 is the integral of (1 - t^(1/a))^(b - 1) / a over t, nearly a straight line; t is read from a table over F. Beyond 1/2, 1 - x has the
 * distribution Beta(b, a).
 *
 * @param u in [0, 1). @param b default a.
 */
export function betaOf(u: Tensor, a: number, b = a): Tensor {
  const lower = quantiles(a, b);
  const upper = a === b ? lower : quantiles(b, a);
  const middle = lower.area / (lower.area + upper.area); // F(1/2)
  const mirrored = u.greater(middle);
  const share = mirrored.where(
    u
      .neg()
      .add(1)
      .div(1 - middle),
    u.div(middle),
  );
  const place = share.mul(INTERVALS).clip(0, INTERVALS - 1e-3);
  const index = place.floor();
  const read = ({ power, table }: Quantiles) => {
    const [before, after] = [table.take(index), table.take(index.add(1))];
    const t = before.add(after.sub(before).mul(place.sub(index)));
    return t.maximum(1e-30).log().div(power).exp();
  };
  return mirrored.where(read(upper).neg().add(1), read(lower));
}

/** Where the lower half of a distribution lies. */
interface Quantiles {
  readonly power: number;
  /** t where F is 0, F(1/2) / 1024, ..., F(1/2). */
  readonly table: Tensor;
  /** F(1/2), times a factor that Beta(a, b) and Beta(b, a) have in common. */
  readonly area: number;
}

function quantiles(a: number, b: number): Quantiles {
  const end = 0.5 ** a;
  const fine = INTERVALS * STEPS;
  const density = (t: number) => (1 - t ** (1 / a)) ** (b - 1);
  const cumulated = new Float64Array(fine + 1); // Simpson's rule
  const h = end / fine;
  for (let i = 0; i < fine; i++) {
    const t = i * h;
    const area = (h / 6) * (density(t) + 4 * density(t + h / 2) + density(t + h));
    cumulated[i + 1] = (cumulated[i] as number) + area;
  }
  const total = cumulated[fine] as number;
  let at = 0;
  const table = Float32Array.from({ length: INTERVALS + 1 }, (_, k) => {
    const wanted = (k / INTERVALS) * total;
    while (at < fine - 1 && (cumulated[at + 1] as number) < wanted) at++;
    const [low, high] = [cumulated[at] as number, cumulated[at + 1] as number];
    return h * (at + Math.min(1, (wanted - low) / (high - low)));
  });
  return { power: a, table: tensor(table), area: total / a };
}
