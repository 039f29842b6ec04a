import type { HostRandom } from "../../util/index.ts";

/** How the next token is drawn from logits. */
export interface Sampling {
  readonly temperature: number;
  readonly topK: number | undefined;
  readonly topP: number | undefined;
  readonly repetitionPenalty: number;
}

/**
 * Draws a token: logits, those of tokens that occurred penalized, divided by the temperature, of which the likeliest are left.
 *
 * @param seen the tokens so far.
 */
export function drawToken(
  given: ArrayLike<number>,
  seen: readonly number[],
  sampling: Sampling,
  random: HostRandom,
): number {
  const { temperature, topK, topP } = sampling;
  const logits = penalized(given, seen, sampling.repetitionPenalty);
  const order = Array.from(logits.keys()).sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
  if (temperature === 0) return order[0] as number;
  const top = logits[order[0] as number] as number;
  const candidates = order.slice(0, topK ?? order.length);
  const powers = candidates.map((token) => Math.exp(((logits[token] as number) - top) / temperature));
  let total = powers.reduce((sum, power) => sum + power, 0);
  let count = candidates.length;
  if (topP !== undefined && topP < 1) {
    const limit = topP * total;
    let sum = 0;
    for (count = 0; count < candidates.length && sum < limit; count++) sum += powers[count] as number;
    total = sum;
  }
  let left = random.uniform() * total;
  for (let i = 0; i < count; i++) {
    left -= powers[i] as number;
    if (left < 0) return candidates[i] as number;
  }
  return candidates[count - 1] as number;
}

/** Logits of tokens that occurred: positive ones divided by the penalty, others multiplied (CTRL; Keskar et al., 2019). */
export function penalized(logits: ArrayLike<number>, seen: readonly number[], penalty: number): Float64Array {
  const values = Float64Array.from(logits);
  if (penalty === 1) return values;
  for (const token of new Set(seen)) {
    const value = values[token] as number;
    values[token] = value > 0 ? value / penalty : value * penalty;
  }
  return values;
}

/** log(softmax(logits)). */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(logits);
  const top = values.reduce((a, b) => Math.max(a, b));
  const total = values.reduce((sum, value) => sum + Math.exp(value - top), 0);
  return values.map((value) => value - top - Math.log(total));
}
