import { type Tensor, tensor } from "../../tensor/index.ts";

/** Intervals of the table, and of the integral between two of its entries. */
const INTERVALS = 256;
const STEPS = 64;

/**
 * Numbers with the distribution Beta(a, a) from uniform ones: the inverse of its distribution function F. With x = t^(1/a), F(x) for x up to
 * 1/2 is the integral of (1 - t^(1/a))^(a - 1) over t, nearly a straight line; t is read from a table over F.
 *
 * @param u in [0, 1).
 */
export function betaOf(u: Tensor, a: number): Tensor {
  const mirrored = u.greater(0.5);
  const half = mirrored.where(u.neg().add(1), u); // F(1 - x) = 1 - F(x)
  const place = half.mul(2 * INTERVALS).clip(0, INTERVALS - 1e-3);
  const index = place.floor();
  const table = tensor(quantiles(a));
  const [before, after] = [table.take(index), table.take(index.add(1))];
  const t = before.add(after.sub(before).mul(place.sub(index)));
  const x = t.maximum(1e-30).log().div(a).exp();
  return mirrored.where(x.neg().add(1), x);
}

/** t where F is 0, 1 / 512, ..., 1/2. */
function quantiles(a: number): Float32Array {
  const end = 0.5 ** a;
  const fine = INTERVALS * STEPS;
  const density = (t: number) => (1 - t ** (1 / a)) ** (a - 1);
  const cumulated = new Float64Array(fine + 1); // Simpson's rule
  const h = end / fine;
  for (let i = 0; i < fine; i++) {
    const t = i * h;
    const area = (h / 6) * (density(t) + 4 * density(t + h / 2) + density(t + h));
    cumulated[i + 1] = (cumulated[i] as number) + area;
  }
  const total = cumulated[fine] as number;
  let at = 0;
  return Float32Array.from({ length: INTERVALS + 1 }, (_, k) => {
    const wanted = (k / INTERVALS) * total;
    while (at < fine - 1 && (cumulated[at + 1] as number) < wanted) at++;
    const [low, high] = [cumulated[at] as number, cumulated[at + 1] as number];
    return h * (at + Math.min(1, (wanted - low) / (high - low)));
  });
}
