/**
 * Philox 4x32-10, the counter-based generator of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011).
 * Four 32-bit words from a 128-bit counter and a 64-bit key; no state, so any element can be computed by anyone.
 */
export const PHILOX = { M0: 0xd2511f53, M1: 0xcd9e8d57, W0: 0x9e3779b9, W1: 0xbb67ae85, rounds: 10 } as const;

/** High 32 bits of the product of two unsigned 32-bit integers. */
export function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(cross / 65536)) >>> 0;
}

/** Philox 4x32-10: writes the four words of counter (c0, c1, c2, c3) under key (k0, k1) to `out`. */
export function philox4x32(
  k0: number,
  k1: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  out: Uint32Array = new Uint32Array(4),
): Uint32Array {
  let [x0, x1, x2, x3, key0, key1] = [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0, k0 >>> 0, k1 >>> 0];
  for (let round = 0; round < PHILOX.rounds; round++) {
    const high0 = mulHigh(PHILOX.M0, x0);
    const low0 = Math.imul(PHILOX.M0, x0) >>> 0;
    const high1 = mulHigh(PHILOX.M1, x2);
    const low1 = Math.imul(PHILOX.M1, x2) >>> 0;
    x0 = (high1 ^ x1 ^ key0) >>> 0;
    x1 = low1;
    x2 = (high0 ^ x3 ^ key1) >>> 0;
    x3 = low0;
    key0 = (key0 + PHILOX.W0) >>> 0;
    key1 = (key1 + PHILOX.W1) >>> 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
  return out;
}

/**
 * Random numbers for host code (shuffling, splitting), from Philox: the same seed gives the same numbers everywhere.
 *
 * @example
 * const order = new HostRandom(42).shuffle(Uint32Array.from({ length: 5 }, (_, i) => i));
 */
export class HostRandom {
  private block = 0;
  private position = 4;
  private readonly words = new Uint32Array(4);
  private spare: number | undefined;
  private readonly high: number;

  /** @param seed integer; its low 53 bits count. @param stream separates independent uses of one seed. */
  constructor(
    private readonly seed: number,
    private readonly stream = 0,
  ) {
    this.high = Math.floor(seed / 4294967296);
  }

  /** A uniform integer in [0, 2^32). */
  uint32(): number {
    if (this.position === 4) {
      philox4x32(this.seed >>> 0, this.high >>> 0, this.block++, 0, this.stream, 0x5eed, this.words);
      this.position = 0;
    }
    return this.words[this.position++] ?? 0;
  }

  /** A uniform number in [0, 1) with 32 random bits. */
  uniform(): number {
    return this.uint32() / 4294967296;
  }

  /** A normal number of mean 0 and standard deviation 1 (Box-Muller, which makes two at a time). */
  normal(): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** A uniform integer in [0, n); exact for n up to 2^32 (rejection). */
  integer(n: number): number {
    const limit = Math.floor(4294967296 / n) * n;
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word - Math.floor(word / n) * n; // word % n: exact, and faster
  }

  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<T extends Uint32Array | Int32Array | unknown[]>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = items[i];
      items[i] = items[j] as never;
      items[j] = held as never;
    }
    return items;
  }
}
