import { expect, test } from "vitest";
import { bestOf, leastMs, levelFor, type Peak, shares } from "../../bench/machine/roofline.ts";
import { fmaModule } from "../../bench/machine/vector-module.ts";

const peak: Peak = {
  threads: 2,
  gflops: 200,
  levels: [
    { name: "L2", bytes: 1e6, gbytes: 100 },
    { name: "memory", bytes: Number.POSITIVE_INFINITY, gbytes: 10 },
  ],
};

test("the roofline is arithmetic at the peak or moving the least bytes, whichever takes longer", () => {
  expect(leastMs({ flop: 400e6, bytes: 1e6 }, peak)).toBeCloseTo(2, 9); // 2 ms of arithmetic, 0.01 ms from L2
  expect(leastMs({ flop: 400e6, bytes: 50e6 }, peak)).toBeCloseTo(5, 9); // 5 ms from memory
  expect(levelFor(peak, 1e6).name).toBe("L2");
  expect(levelFor(peak, 1e6 + 1).name).toBe("memory");
  const share = shares({ flop: 400e6, bytes: 50e6 }, 10, peak);
  expect(share.peak).toBeCloseTo(0.2, 9);
  expect(share.roofline).toBeCloseTo(0.5, 9);
});

test("of two measurements the better counts, figure by figure", () => {
  const other = { ...peak, gflops: 150, levels: [{ name: "L2", bytes: 1e6, gbytes: 120 }, peak.levels[1]!] };
  const best = bestOf(peak, other);
  expect(best.gflops).toBe(200);
  expect(best.levels.map(({ gbytes }) => gbytes)).toEqual([120, 10]);
});

test("the modules that measure the peak compute a * b + c", async () => {
  const { bytes, flop } = fmaModule(false);
  const { instance } = await WebAssembly.instantiate(bytes);
  const f = instance.exports.f as (loops: number, seed: number) => number;
  // One turn of 8 for each of 12 chains, in float32 as the vectors do.
  const [b, c] = [Math.fround(0.999999), Math.fround(1e-6)];
  const once = (value: number) => Math.fround(Math.fround(value * b) + c);
  const chains = Array.from({ length: 12 }, (_, i) => {
    let value = 1 + 4 + i;
    for (let step = 0; step < 8; step++) value = once(value);
    return value;
  });
  expect(f(1, 1)).toBeCloseTo(
    chains.reduce((sum, each) => sum + each, 0),
    3,
  );
  expect(flop).toBe(2 * 4 * 12 * 8 * 500_000);
  expect(fmaModule(true).flop).toBe(flop);
});
