import { describe, expect, test } from "vitest";
import {
  type InitializerSpec,
  initializerNames,
  initializers,
  registerInitializer,
  resolveInitializer,
} from "../../src/nn/index.ts";
import { HostRandom, type Shape } from "../../src/util/index.ts";

const generate = (spec: InitializerSpec, shape: Shape, seed = 1) =>
  resolveInitializer(spec).values(shape, new HostRandom(seed, 2));

function statistics(values: Float32Array) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, stddev: Math.sqrt(variance), most: values.reduce((most, x) => Math.max(most, Math.abs(x)), 0) };
}

/** Standard deviation that each has for a kernel of 400 inputs and 100 outputs, and what no value exceeds. */
const SPREAD: Record<string, { stddev: number; most: number }> = {
  randomNormal: { stddev: 0.05, most: 0.3 },
  truncatedNormal: { stddev: 0.05 * 0.8796256610342398, most: 0.1 },
  randomUniform: { stddev: 0.05 / Math.sqrt(3), most: 0.05 },
  glorotUniform: { stddev: Math.sqrt(2 / 500), most: Math.sqrt(6 / 500) },
  glorotNormal: { stddev: Math.sqrt(2 / 500), most: (2 * Math.sqrt(2 / 500)) / 0.8796256610342398 },
  heUniform: { stddev: Math.sqrt(2 / 400), most: Math.sqrt(6 / 400) },
  heNormal: { stddev: Math.sqrt(2 / 400), most: (2 * Math.sqrt(2 / 400)) / 0.8796256610342398 },
  lecunUniform: { stddev: Math.sqrt(1 / 400), most: Math.sqrt(3 / 400) },
  lecunNormal: { stddev: Math.sqrt(1 / 400), most: (2 * Math.sqrt(1 / 400)) / 0.8796256610342398 },
  varianceScaling: { stddev: Math.sqrt(1 / 400), most: (2 * Math.sqrt(1 / 400)) / 0.8796256610342398 },
  orthogonal: { stddev: Math.sqrt(1 / 400), most: 1 },
};

describe("an initializer", () => {
  const random = initializerNames.filter((name) => !["zeros", "ones", "constant", "identity"].includes(name));
  test.each(random)("%s has the spread of its definition", (name) => {
    const { mean, stddev, most } = statistics(generate(name, [400, 100]));
    const expected = SPREAD[name] ?? { stddev: 0, most: 0 };
    expect(Math.abs(mean)).toBeLessThan((4 * expected.stddev) / 200); // 4 standard errors of 40,000 values
    expect(Math.abs(stddev / expected.stddev - 1)).toBeLessThan(0.02);
    expect(most).toBeLessThanOrEqual(expected.most * 1.000001);
  });

  test("counts a convolution's window into both fans", () => {
    const { most } = statistics(generate("glorotUniform", [3, 3, 8, 16]));
    const limit = Math.sqrt(6 / (9 * 8 + 9 * 16));
    expect(most).toBeLessThanOrEqual(limit * 1.000001);
    expect(most).toBeGreaterThan(limit * 0.98);
  });

  test("gives constants", () => {
    expect([...generate("zeros", [2])]).toEqual([0, 0]);
    expect([...generate("ones", [2])]).toEqual([1, 1]);
    expect([...generate({ kind: "constant", value: 2.5 }, [1, 2])]).toEqual([2.5, 2.5]);
    expect([...generate(initializers.identity({ gain: 3 }), [2, 3])]).toEqual([3, 0, 0, 0, 3, 0]);
    expect(() => generate("identity", [2, 2, 2])).toThrow("a matrix");
  });

  test.each([[[6, 4]], [[4, 6]], [[3, 3, 2, 5]]])("orthogonal gives orthonormal rows or columns for %j", (shape) => {
    const gain = 2;
    const values = generate(initializers.orthogonal({ gain }), shape);
    const columns = shape.at(-1) as number;
    const rows = values.length / columns;
    const at = (row: number, column: number) => values[row * columns + column] as number;
    const [few, many, pick] =
      rows < columns ? [rows, columns, at] : [columns, rows, (i: number, k: number) => at(k, i)];
    for (let i = 0; i < few; i++) {
      for (let j = 0; j < few; j++) {
        let product = 0;
        for (let k = 0; k < many; k++) product += pick(i, k) * pick(j, k);
        expect(product).toBeCloseTo(i === j ? gain * gain : 0, 5);
      }
    }
    expect(() => generate("orthogonal", [3])).toThrow("at least two axes");
  });

  test("repeats itself for a seed, and differs for another", () => {
    expect(generate("heNormal", [3, 4])).toEqual(generate("heNormal", [3, 4]));
    expect(generate("heNormal", [3, 4])).not.toEqual(generate("heNormal", [3, 4], 2));
  });

  test("may be a factory that was not called, or a function", () => {
    expect(generate(initializers.heNormal as never, [3, 4])).toEqual(generate("heNormal", [3, 4]));
    expect([...generate((shape) => shape.map((size) => size / 2), [1, 2])]).toEqual([0.5, 1]);
    expect(() => generate(() => [1, 2, 3], [1, 2])).toThrow(
      "a custom initializer gave 3 numbers for a weight of shape [1, 2]",
    );
    const halves = registerInitializer("halves", (shape, random) =>
      Array.from(shape, () => random.uniform() / 2 + 0.25),
    );
    expect(generate("halves" as "zeros", [1])).toEqual(generate(halves, [1]));
    expect(resolveInitializer(halves).kind).toBe("halves");
  });

  test("refuses wrong options", () => {
    expect(() => resolveInitializer({ kind: "randomNormal", sttdev: 1 } as never)).toThrow('did you mean "stddev"?');
    expect(() => resolveInitializer("glorot" as never)).toThrow('unknown initializer "glorot"');
    expect(() => initializers.randomUniform({ minval: 1, maxval: 0 })).toThrow("randomUniform got maxval = 0");
    expect(() => initializers.varianceScaling({ mode: "fan_in" as never })).toThrow('"fanIn" or "fanOut" or "fanAvg"');
    expect(() => resolveInitializer(5 as never)).toThrow("5 is no initializer");
  });
});
