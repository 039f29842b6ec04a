import { describe, expect, test } from "vitest";
import { HostRandom, mulHigh, philox4x32 } from "../../src/util/index.ts";
import fc from "../tools/properties.ts";

/** Random123's own file kat_vectors, "philox4x32 10": counter, key, expected words. */
const KNOWN_ANSWERS = [
  ["00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
  ["ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"],
  ["243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"],
] as const;

const words = (hex: string) => hex.split(" ").map((word) => Number.parseInt(word, 16));
const word = fc.integer({ min: 0, max: 0xffffffff });

describe("philox4x32", () => {
  test.each(KNOWN_ANSWERS)("counter %s under key %s gives the published words", (counter, key, expected) => {
    const [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = words(counter);
    const [k0 = 0, k1 = 0] = words(key);
    expect([...philox4x32(k0, k1, c0, c1, c2, c3)]).toEqual(words(expected));
  });

  test("signed and unsigned spellings of a word are the same word", () => {
    expect(philox4x32(-1, -1, -1, -1, -1, -1)).toEqual(
      philox4x32(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff),
    );
  });

  test("mulHigh is the high half of the exact product", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(BigInt(mulHigh(a, b))).toBe((BigInt(a) * BigInt(b)) >> 32n);
      }),
      { examples: [[0xffffffff, 0xffffffff]] },
    );
  });

  test("one changed bit of key or counter changes about half of all bits", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 6, maxLength: 6 }), fc.nat(191), (input, bit) => {
        const other = [...input];
        other[bit >> 5] = (other[bit >> 5] ?? 0) ^ (1 << (bit & 31));
        const run = ([k0 = 0, k1 = 0, c0 = 0, c1 = 0, c2 = 0, c3 = 0]: number[]) => philox4x32(k0, k1, c0, c1, c2, c3);
        const [a, b] = [run(input), run(other)];
        let flipped = 0;
        for (let i = 0; i < 4; i++) for (let x = (a[i] ?? 0) ^ (b[i] ?? 0); x !== 0; x &= x - 1) flipped++;
        // 128 fair coins: 64 +- 5.7; outside 24...104 once in 10^12 draws.
        expect(flipped).toBeGreaterThan(24);
        expect(flipped).toBeLessThan(104);
      }),
    );
  });
});

/** Pearson's statistic of observed counts against equal expectations. */
function chiSquare(counts: ArrayLike<number>): number {
  const all = Array.from(counts);
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  return all.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
}

/** True when the statistic lies within 4.5 standard deviations of what fair counts give. */
const looksFair = (statistic: number, freedom: number) => Math.abs(statistic - freedom) < 4.5 * Math.sqrt(2 * freedom);

describe("HostRandom", () => {
  const SEEDS = [0, 1, 42, -7, 2 ** 32, Number.MAX_SAFE_INTEGER];

  test("the same seed gives the same numbers; another seed, half or stream gives others", () => {
    const draws = (seed: number, stream?: number) => {
      const random = new HostRandom(seed, stream);
      return Array.from({ length: 9 }, () => random.uint32()).join();
    };
    expect(draws(42)).toBe(draws(42));
    expect(draws(42)).toBe(draws(42, 0));
    const all = [...SEEDS.map((seed) => draws(seed)), draws(42, 1), draws(42, 2), draws(42 + 2 ** 32)];
    expect(new Set(all).size).toBe(all.length);
  });

  test("its first words are Philox's words", () => {
    const random = new HostRandom(5, 3);
    const first = Array.from({ length: 8 }, () => random.uint32());
    expect(first).toEqual([...philox4x32(5, 0, 0, 0, 3, 0x5eed), ...philox4x32(5, 0, 1, 0, 3, 0x5eed)]);
  });

  test.each(SEEDS)("seed %d: uniform() fills [0, 1) evenly", (seed) => {
    const random = new HostRandom(seed);
    const [bins, count] = [new Uint32Array(128), 64_000];
    for (let i = 0; i < count; i++) {
      const bin = Math.floor(random.uniform() * bins.length);
      if (!(bin >= 0 && bin < bins.length)) throw new Error("outside [0, 1)");
      bins[bin]! += 1;
    }
    expect(looksFair(chiSquare(bins), bins.length - 1)).toBe(true);
  });

  test.each(SEEDS)("seed %d: neighbours are independent", (seed) => {
    const random = new HostRandom(seed);
    const cells = new Uint32Array(16 * 16);
    for (let i = 0; i < 64_000; i++) cells[random.integer(16) * 16 + random.integer(16)]! += 1;
    expect(looksFair(chiSquare(cells), cells.length - 1)).toBe(true);
  });

  test.each([1, 2, 3, 7, 10, 1000])("integer(%d) is even over its range", (n) => {
    const random = new HostRandom(11);
    const counts = new Uint32Array(n);
    for (let i = 0; i < 50_000; i++) {
      const value = random.integer(n);
      if (!Number.isInteger(value) || value < 0 || value >= n) throw new Error(`${value} is outside [0, ${n})`);
      counts[value]! += 1;
    }
    if (n > 1) expect(looksFair(chiSquare(counts), n - 1)).toBe(true);
  });

  test("integer(n) has no bias for a large n", () => {
    // With plain `word % n` and n = 3 * 2^30, a third of the range would come up twice as often.
    const random = new HostRandom(3);
    const n = 3 * 2 ** 30;
    const thirds = new Uint32Array(3);
    for (let i = 0; i < 30_000; i++) thirds[Math.floor(random.integer(n) / 2 ** 30)]! += 1;
    expect(looksFair(chiSquare(thirds), 2)).toBe(true);
    expect(random.integer(2 ** 32)).toBeLessThan(2 ** 32);
  });

  test("normal() has the moments of a standard normal", () => {
    const random = new HostRandom(8);
    const count = 200_000;
    const moments = [0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const z = random.normal();
      for (let k = 0; k < 4; k++) moments[k]! += z ** (k + 1) / count;
    }
    // Standard errors of the first four moments: sqrt(1, 2, 15, 96) / sqrt(count); five of them.
    for (const [k, expected] of [0, 1, 0, 3].entries()) {
      const bound = (5 * Math.sqrt([1, 2, 15, 96][k]!)) / Math.sqrt(count);
      expect(Math.abs(moments[k]! - expected)).toBeLessThan(bound);
    }
  });

  test("shuffle permutes in place and returns the same array", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const copy = [...items];
        const shuffled = new HostRandom(seed).shuffle(copy);
        expect(shuffled).toBe(copy);
        expect([...shuffled].sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
        expect(new HostRandom(seed).shuffle([...items])).toEqual(shuffled);
      }),
    );
    const typed = new HostRandom(1).shuffle(Uint32Array.from({ length: 100 }, (_, i) => i));
    expect([...typed].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test("every order of four items comes up equally often", () => {
    const random = new HostRandom(99);
    const seen = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.shuffle([0, 1, 2, 3]).join("");
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    expect(looksFair(chiSquare([...seen.values()]), 23)).toBe(true);
  });
});
