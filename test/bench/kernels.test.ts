import { describe, expect, test } from "vitest";
import { computeKernel } from "../../bench/contest/descent-kernels.ts";
import { KERNELS, matmul } from "../../bench/suite/kernels.ts";
import { factors } from "../../bench/suite/numbers.ts";
import { sampled } from "../../bench/suite/task.ts";

describe("the kernels", () => {
  test("have names of their own, work to do and bytes to move", () => {
    expect(new Set(KERNELS.map(({ name }) => name)).size).toBe(KERNELS.length);
    for (const { flop, bytes } of KERNELS) {
      expect(flop).toBeGreaterThan(0);
      expect(bytes).toBeGreaterThan(0);
    }
  });

  test("count what convolutions cost: ResNet-50's first takes 118 million multiply-adds an image", () => {
    const first = KERNELS.find(({ name }) => name === "conv 7x7/2 224 3-64");
    const gradients = KERNELS.find(({ name }) => name === "grad 7x7/2 224 3-64");
    expect(first?.flop).toBe(2 * 8 * 112 * 112 * 64 * 7 * 7 * 3);
    expect(gradients?.flop).toBe(2 * (first?.flop ?? 0));
  });

  test("multiply the same factors everywhere", async () => {
    const [a, b] = factors(8, 6, 4);
    const expected = sampled(8, 6).map((i) => {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += a[Math.floor(i / 6) * 4 + k]! * b[k * 6 + (i % 6)]!;
      return sum;
    });
    const work = await computeKernel(matmul("product", 8, 6, 4));
    expect(work.first).toHaveLength(expected.length);
    work.first.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    expect((await work.block(1)).steps).toBeGreaterThan(0);
  });

  test("run, of each kind the smallest", async () => {
    const small = {
      batch: 1,
      image: 8,
      inputs: 2,
      filters: 3,
      kernel: 3,
      stride: 2,
      rows: 4,
      columns: 16,
      parameters: 100,
    };
    for (const op of ["conv", "convGradients", "softmax", "layerNorm", "adam"] as const) {
      const work = await computeKernel({ kind: "kernel", name: op, op, size: small, flop: 1, bytes: 1 });
      expect((await work.block(0)).steps, op).toBe(1);
      expect(work.first).toEqual([]);
    }
  });
});
