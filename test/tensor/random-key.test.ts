import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import type { TypedArray } from "../../src/ir/index.ts";
import { compile, evaluate, type RandomKey, randomKey, type Tensor, tensor } from "../../src/tensor/index.ts";
import { compiledEngines } from "../engine/engines.ts";

const engines = [referenceEngine, ...(await compiledEngines())];
const COUNT = 40_000;
const SHAPE = [COUNT];

interface Moments {
  readonly mean: number;
  readonly variance: number;
  readonly skewness: number;
  readonly kurtosis: number;
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

function momentsOf(values: TypedArray): Moments {
  const mean = sumOf(values) / values.length;
  const central = (power: number) => {
    let sum = 0;
    for (const value of values) sum += (value - mean) ** power;
    return sum / values.length;
  };
  const variance = central(2);
  return { mean, variance, skewness: central(3) / variance ** 1.5, kurtosis: central(4) / variance ** 2 };
}

/** Standard deviations of a truncated normal (at two of them) by the closed form. */
const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const INSIDE = 0.9544997361036416;
const TRUNCATED_VARIANCE = 1 - (4 * density(2)) / INSIDE;

describe("distributions (fixed seed; bounds of four standard errors)", () => {
  const key = randomKey(2024);
  const error = 4 / Math.sqrt(COUNT);

  it("uniform", async () => {
    const values = await key.uniform(SHAPE).data();
    const { mean, variance, skewness } = momentsOf(values);
    expect(Math.abs(mean - 0.5)).toBeLessThan(error * Math.sqrt(1 / 12));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(error * Math.sqrt(1 / 180));
    expect(Math.abs(skewness)).toBeLessThan(0.05);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    // 24 random bits: multiples of 2^-24, all of them possible.
    expect(values.every((value) => Number.isInteger(value * 2 ** 24))).toBe(true);
    expect(values.some((value) => (value * 2 ** 24) % 2 === 1)).toBe(true);
    // Twenty equal boxes: chi squared of 19 degrees stays below 43.8 with 99.9 %.
    const boxes = new Array<number>(20).fill(0);
    for (const value of values) boxes[Math.floor(value * 20)]!++;
    expect(boxes.reduce((sum, box) => sum + (box - COUNT / 20) ** 2 / (COUNT / 20), 0)).toBeLessThan(43.8);
  });

  it("uniform between others", async () => {
    const values = await key.uniform(SHAPE, { min: -3, max: 5 }).data();
    expect(Math.abs(momentsOf(values).mean - 1)).toBeLessThan(error * 8 * Math.sqrt(1 / 12));
    expect(values.every((value) => value >= -3 && value <= 5)).toBe(true);
  });

  it("normal", async () => {
    const { mean, variance, skewness, kurtosis } = momentsOf(await key.normal(SHAPE).data());
    expect(Math.abs(mean)).toBeLessThan(error);
    expect(Math.abs(variance - 1)).toBeLessThan(error * Math.SQRT2);
    expect(Math.abs(skewness)).toBeLessThan(error * Math.sqrt(6));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(error * Math.sqrt(24));
  });

  it("normal with mean and deviation", async () => {
    const { mean, variance } = momentsOf(await key.normal(SHAPE, { mean: -7, std: 0.5 }).data());
    expect(Math.abs(mean + 7)).toBeLessThan(0.5 * error);
    expect(Math.abs(variance - 0.25)).toBeLessThan(0.25 * error * Math.SQRT2);
  });

  it("truncated normal", async () => {
    const values = await key.truncatedNormal(SHAPE, { mean: 1, std: 3 }).data();
    const { mean, variance } = momentsOf(values);
    expect(Math.abs(mean - 1)).toBeLessThan(3 * error);
    expect(Math.abs(variance / 9 - TRUNCATED_VARIANCE)).toBeLessThan(error);
    expect(values.every((value) => Math.abs(value - 1) <= 6.0001)).toBe(true);
    expect(values.some((value) => Math.abs(value - 1) > 5.9)).toBe(true);
  });

  it.each([0, 0.001, 0.3, 0.5, 1])("bernoulli of %d", async (p) => {
    const x = key.bernoulli(p, SHAPE);
    expect(x.dtype).toBe("bool");
    const rate = sumOf(await x.data()) / COUNT;
    expect(Math.abs(rate - p)).toBeLessThanOrEqual(error * Math.sqrt(p * (1 - p)));
  });

  it("integers", async () => {
    const x = key.integers(SHAPE, { min: -2, max: 3 });
    expect(x.dtype).toBe("int32");
    const counts = new Map<number, number>();
    for (const value of await x.data()) counts.set(value, (counts.get(value) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    for (const count of counts.values()) expect(Math.abs(count / COUNT - 0.2)).toBeLessThan(error * 0.4);
  });
});

describe("keys", () => {
  const draw = (key: RandomKey) => key.uniform([2000]);
  const correlation = (a: TypedArray, b: TypedArray) => {
    const [x, y] = [momentsOf(a), momentsOf(b)];
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += (a[i]! - x.mean) * (b[i]! - y.mean);
    return sum / a.length / Math.sqrt(x.variance * y.variance);
  };

  it("the same key gives the same numbers, whenever asked", async () => {
    expect(await draw(randomKey(5)).data()).toEqual(await draw(randomKey(5)).data());
    const key = randomKey(5).fold(3);
    const first = await draw(key).data();
    await key.normal([7]).data();
    expect(await draw(key).data()).toEqual(first);
  });

  it("keys by all ways differ, and their numbers do not correlate", async () => {
    const key = randomKey(5);
    const others = [
      key,
      randomKey(6),
      randomKey(-5),
      randomKey(5 + 2 ** 32),
      randomKey(5 * 2 ** 32),
      ...key.split(3).slice(1),
      key.fold(0),
      key.fold(7),
      key.fold(7).fold(0),
      key.fold(0).fold(7),
      key.fold(4294967295),
    ];
    const draws = others.map(draw);
    await evaluate(...draws);
    const arrays = await Promise.all(draws.map((each) => each.data()));
    arrays.forEach((a, i) => {
      for (const b of arrays.slice(0, i)) expect(Math.abs(correlation(a, b))).toBeLessThan(4.5 / Math.sqrt(2000));
    });
  });

  it("split is fold by number", async () => {
    const [, second] = randomKey(9).split(2);
    expect(await draw(second!).data()).toEqual(await draw(randomKey(9).fold(1)).data());
  });

  it("a key's draws are a prefix of its longer draws", async () => {
    const long = await randomKey(3).uniform([1000]).data();
    expect((await randomKey(3).uniform([10, 7]).data()).every((value, i) => value === long[i])).toBe(true);
  });

  it("the two halves of a normal draw do not repeat each other", async () => {
    const values = await randomKey(11).normal([4000]).data();
    expect(Math.abs(correlation(values.subarray(0, 2000), values.subarray(2000)))).toBeLessThan(4.5 / Math.sqrt(2000));
  });

  it("folding by a computed step equals folding by the number, on every engine", async () => {
    for (const { name } of engines) {
      const f = compile((step: Tensor) => randomKey(1).fold(step.add(1)).uniform([100]), { engine: name });
      const found = await f(tensor(Uint32Array.of(41)));
      expect(await found.data()).toEqual(await randomKey(1).fold(42).uniform([100]).data());
    }
  });

  it("all engines draw the same numbers", async () => {
    const draws = async (name: string) => {
      const f = compile(
        (_: Tensor) => {
          const key = randomKey(77).fold(2);
          return [
            key.uniform([333]),
            key.bernoulli(0.3, [333]),
            key.integers([333], { max: 10 }),
            key.normal([333]),
          ] as const;
        },
        { engine: name },
      );
      return Promise.all((await f(tensor([0]))).map((each) => each.data()));
    };
    const [expected, ...others] = await Promise.all(engines.map(({ name }) => draws(name)));
    for (const found of others) {
      expect(found.slice(0, 3)).toEqual(expected!.slice(0, 3));
      found[3]!.forEach((value, i) => expect(Math.abs(value - expected![3]![i]!)).toBeLessThan(2e-6));
    }
  });
});
