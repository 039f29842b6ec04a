/** Scores that there is room for at first, at most: 256 kB. */
const FIRST = 2 ** 16;

/** Ranges of scores, where there is no room for each: the area is then right to some 1 / RANGES. */
const RANGES = 2 ** 16;

/** Bytes of a range while two lists of them are at hand. */
const RANGE_BYTES = 48;

/** Bytes of a score that is kept: 4, and as many for the smaller arrays that it grew out of, if these were not collected yet. */
const SCORE_BYTES = 8;

/** Scores within [lo, hi], and how many rows of either class have them. Ranges lie one after the other and do not meet. */
interface Ranges {
  readonly lo: Float32Array;
  readonly hi: Float32Array;
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
  readonly length: number;
}

type Visit = (lo: number, hi: number, positives: number, negatives: number) => void;

/**
 * The area under the ROC curve of rows that come in any order: the chance that a row of class 1 gets more than one of class 0, ties counting half
 * (Mann-Whitney). Scores are kept, 4 bytes each, as long as there is room. Then they become ranges with counts: a score of many rows keeps one of
 * its own, rarer ones share it with their neighbours, so that all hold about as many. Within a range, pairs count half, as ties do; where
 * it has several scores that is wrong by half of its pairs at most, and `margin` is the sum of these.
 */
export class RocArea {
  /** Scores of class 1 from the left, those of class 0 from the right. */
  private scores: Float32Array;
  private ones = 0;
  private zeros = 0;
  private ranges: Ranges = newRanges(0);
  private isBroken = false;
  private readonly most: number;
  private readonly mostRanges: number;

  /** @param bytes what it may take; at least 64 kB are used. */
  constructor(bytes: number) {
    const room = Math.max(2 ** 16, bytes);
    this.mostRanges = Math.min(RANGES, Math.floor(room / 4 / RANGE_BYTES));
    this.most = Math.max(2, Math.min(2 ** 28, Math.floor((room - this.mostRanges * RANGE_BYTES) / SCORE_BYTES)));
    // Doubled several times, it is as large as it may be: what all arrays before took together is less.
    const doublings = Math.max(0, Math.ceil(Math.log2(this.most / FIRST)));
    this.scores = new Float32Array(Math.ceil(this.most / 2 ** doublings));
  }

  /** A row more. NaN makes the area NaN. */
  add(score: number, label: 0 | 1): void {
    if (Number.isNaN(score)) this.isBroken = true;
    if (this.zeros + this.ones === this.scores.length) this.makeRoom();
    if (label === 1) this.scores[this.ones++] = score;
    else this.scores[this.scores.length - ++this.zeros] = score;
  }

  /** The area, NaN where all rows are of one class; it differs from that of all scores by `margin` at most, 0 as long as there was room. */
  result(): { area: number; margin: number } {
    if (this.isBroken) return { area: Number.NaN, margin: 0 };
    let [positives, below, pairs, unsure] = [0, 0, 0, 0];
    this.walk((lo, hi, ones, zeros) => {
      pairs += ones * (below + zeros / 2);
      if (lo < hi) unsure += (ones * zeros) / 2;
      positives += ones;
      below += zeros;
    });
    const all = positives * below;
    return { area: pairs / all, margin: unsure > 0 ? unsure / all : 0 };
  }

  private makeRoom(): void {
    if (this.scores.length === this.most) return this.condense();
    const larger = new Float32Array(Math.min(2 * this.scores.length, this.most));
    larger.set(this.scores.subarray(0, this.ones));
    larger.set(this.scores.subarray(this.ones), larger.length - this.zeros);
    this.scores = larger;
  }

  /** Makes ranges of all scores. Neighbours become one range while it holds no more than 2 rows / RANGES: at most RANGES + 1 of them. */
  private condense(): void {
    let [count, rows] = [0, 0];
    this.walk((_lo, _hi, ones, zeros) => {
      count++;
      rows += ones + zeros;
    });
    const step = count > this.mostRanges ? (2 * rows) / this.mostRanges : 0;
    const { lo, hi, positives, negatives } = newRanges(Math.min(count, this.mostRanges + 1));
    let last = -1;
    let held = Number.POSITIVE_INFINITY;
    this.walk((from, to, ones, zeros) => {
      held += ones + zeros;
      if (held > step) {
        held = ones + zeros;
        lo[++last] = from;
      }
      hi[last] = to;
      positives[last] = (positives[last] as number) + ones;
      negatives[last] = (negatives[last] as number) + zeros;
    });
    this.ranges = { lo, hi, positives, negatives, length: last + 1 };
    this.zeros = this.ones = 0;
  }

  /** Visits the ranges and the scores outside of them by size, equal scores together. */
  private walk(visit: Visit): void {
    const ones = this.scores.subarray(0, this.ones).sort();
    const zeros = this.scores.subarray(this.scores.length - this.zeros).sort();
    const { lo, hi, positives, negatives, length } = this.ranges;
    let [range, one, zero] = [0, 0, 0];
    while (range < length || one < ones.length || zero < zeros.length) {
      const [a, b, c] = [ones[one], zeros[zero], lo[range]];
      const least = Math.min(a ?? Number.POSITIVE_INFINITY, b ?? Number.POSITIVE_INFINITY);
      const isRange = c !== undefined && c <= least;
      const [from, to] = isRange ? [c, hi[range] as number] : [least, least];
      const [firstOne, firstZero] = [one, zero];
      while (one < ones.length && (ones[one] as number) <= to) one++;
      while (zero < zeros.length && (zeros[zero] as number) <= to) zero++;
      const [before1, before0] = isRange ? [positives[range] as number, negatives[range] as number] : [0, 0];
      visit(from, to, before1 + one - firstOne, before0 + zero - firstZero);
      if (isRange) range++;
    }
  }
}

function newRanges(length: number): Ranges {
  return {
    lo: new Float32Array(length),
    hi: new Float32Array(length),
    positives: new Float64Array(length),
    negatives: new Float64Array(length),
    length,
  };
}

/** Bytes that hold every score of so many rows. */
export function rocBytes(rows: number): number {
  return SCORE_BYTES * rows + RANGES * RANGE_BYTES;
}
