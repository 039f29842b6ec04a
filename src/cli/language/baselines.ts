import type { Dense } from "../data/dense.ts";

/** How well simple answers foretell the next token. */
export interface TextBaselines {
  /** Cross-entropy in nats a token, and exp of it. */
  readonly unigram: { readonly loss: number; readonly perplexity: number };
  readonly bigram: { readonly loss: number; readonly perplexity: number };
}

/**
 * What counting alone reaches: how frequent a token is (each counted once more than it was seen), and how often it follows the one before,
 * p(y | x) = (count(x, y) + p(y)) / (count(x) + 1).
 */
export function textBaselines(
  train: { readonly x: Dense; readonly y: Dense },
  test: { readonly x: Dense; readonly y: Dense },
  vocabulary: number,
): TextBaselines {
  const counts = new Float64Array(vocabulary).fill(1);
  const before = new Float64Array(vocabulary);
  const pairs = new Map<number, number>();
  const { data: words } = train.y;
  for (let i = 0; i < words.length; i++) {
    const [x, y] = [train.x.data[i] as number, words[i] as number];
    counts[y] = (counts[y] as number) + 1;
    before[x] = (before[x] as number) + 1;
    pairs.set(x * vocabulary + y, (pairs.get(x * vocabulary + y) ?? 0) + 1);
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  let [one, two] = [0, 0];
  for (let i = 0; i < test.y.data.length; i++) {
    const [x, y] = [test.x.data[i] as number, test.y.data[i] as number];
    const share = (counts[y] as number) / total;
    one -= Math.log(share);
    two -= Math.log(((pairs.get(x * vocabulary + y) ?? 0) + share) / ((before[x] as number) + 1));
  }
  const of = (sum: number) => {
    const loss = sum / test.y.data.length;
    return { loss, perplexity: Math.exp(loss) };
  };
  return { unigram: of(one), bigram: of(two) };
}
