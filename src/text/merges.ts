/** Two tokens side by side that become one. */
export type Pair = readonly [left: number, right: number];

/** A pair as one number; tokens stay below 2^21. */
const SHIFT = 2 ** 21;
const keyOf = (left: number, right: number) => left * SHIFT + right;

interface Word {
  tokens: number[];
  readonly count: number;
}

/**
 * The merges that byte-pair encoding learns (Sennrich et al., 2016): again and again the most frequent pair becomes a token, of equals
 * the one whose tokens have the smaller numbers. Counts are kept up to date: a merge touches only the words that hold its pair.
 *
 * @param words different words as tokens, and how often each occurs.
 * @param first the number of the first new token.
 */
export function learnMerges(words: readonly Word[], first: number, count: number): Pair[] {
  const counts = new Map<number, number>();
  const places = new Map<number, Set<Word>>();
  const heap = new PairHeap();
  const add = (word: Word, sign: 1 | -1, changed: Set<number>) => {
    for (let i = 1; i < word.tokens.length; i++) {
      const key = keyOf(word.tokens[i - 1] as number, word.tokens[i] as number);
      counts.set(key, (counts.get(key) ?? 0) + sign * word.count);
      changed.add(key);
      if (sign === 1) {
        const found = places.get(key);
        if (found) found.add(word);
        else places.set(key, new Set([word]));
      }
    }
  };
  const initial = new Set<number>();
  const own = words.map(({ tokens, count }) => ({ tokens: [...tokens], count }));
  for (const word of own) add(word, 1, initial);
  for (const key of initial) heap.push(counts.get(key) as number, key);

  const merges: Pair[] = [];
  while (merges.length < count) {
    const best = heap.pop((key) => counts.get(key) ?? 0);
    if (best === undefined) break;
    const [left, right] = [Math.floor(best / SHIFT), best % SHIFT];
    const merged = first + merges.length;
    merges.push([left, right]);
    const changed = new Set<number>();
    for (const word of places.get(best) ?? []) {
      add(word, -1, changed);
      word.tokens = merge(word.tokens, left, right, merged);
      add(word, 1, changed);
    }
    places.delete(best);
    for (const key of changed) heap.push(counts.get(key) as number, key);
  }
  return merges;
}

/** Every `left` followed by `right` becomes `merged`, from the left. */
export function merge(tokens: readonly number[], left: number, right: number, merged: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === left && tokens[i + 1] === right) {
      out.push(merged);
      i++;
    } else out.push(tokens[i] as number);
  }
  return out;
}

/** Pairs, the most frequent first. Counts change: each change is another entry, and entries that are no longer true are passed over. */
class PairHeap {
  private readonly counts: number[] = [];
  private readonly keys: number[] = [];

  push(count: number, key: number): void {
    if (count <= 0) return;
    let at = this.keys.length;
    this.counts.push(count);
    this.keys.push(key);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.before(at, above)) break;
      this.swap(at, above);
      at = above;
    }
  }

  /** The pair that is first now; undefined when none is left. */
  pop(now: (key: number) => number): number | undefined {
    while (this.keys.length > 0) {
      const [count, key] = [this.counts[0] as number, this.keys[0] as number];
      this.removeFirst();
      if (now(key) === count) return key;
    }
    return undefined;
  }

  private removeFirst(): void {
    const last = this.keys.length - 1;
    this.swap(0, last);
    this.counts.pop();
    this.keys.pop();
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let best = at;
      if (left < last && this.before(left, best)) best = left;
      if (right < last && this.before(right, best)) best = right;
      if (best === at) return;
      this.swap(at, best);
      at = best;
    }
  }

  private before(a: number, b: number): boolean {
    const difference = (this.counts[a] as number) - (this.counts[b] as number);
    return difference > 0 || (difference === 0 && (this.keys[a] as number) < (this.keys[b] as number));
  }

  private swap(a: number, b: number): void {
    for (const list of [this.counts, this.keys]) [list[a], list[b]] = [list[b] as number, list[a] as number];
  }
}
