import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type DigitSet, decodeDigits, encodeDigits, PIXELS } from "../../demo/digits.ts";
import { Curve } from "../../demo/page/curve.ts";
import { count, duration, percent } from "../../demo/page/format.ts";
import { linearScale, logScale } from "../../demo/page/scale.ts";

describe("the file of digits", () => {
  const set = (size: number, seed: number): DigitSet => ({
    images: Uint8Array.from({ length: size * PIXELS }, (_, i) => (i * seed) % 256),
    labels: Uint8Array.from({ length: size }, (_, i) => (i + seed) % 10),
  });
  const digits = { train: set(7, 3), test: set(4, 5) };

  test("gives back what was written", () => {
    expect(decodeDigits(encodeDigits(digits))).toEqual(digits);
  });

  test("says when it is something else", () => {
    const damaged = /damaged/;
    expect(() => decodeDigits(new Uint8Array(0))).toThrow(damaged);
    expect(() => decodeDigits(new TextEncoder().encode("<!doctype html><title>404</title>"))).toThrow(damaged);
    expect(() => decodeDigits(encodeDigits(digits).subarray(0, 5000))).toThrow(damaged);
  });
});

describe("a curve", () => {
  test("keeps few points however many come, and its ends and mean", () => {
    const curve = new Curve();
    for (let i = 0; i < 100_000; i++) curve.add(i, i % 2);
    expect(curve.points.length).toBeLessThanOrEqual(481);
    expect(curve.points.length).toBeGreaterThan(200);
    expect(curve.points[0]!.x).toBeLessThan(1000);
    expect(curve.last!.x).toBeGreaterThan(99_000);
    const xs = curve.points.map(({ x }) => x);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    for (const { y } of curve.points.slice(0, -1)) expect(y).toBeCloseTo(0.5, 10);
  });

  test("shows a new point at once", () => {
    const curve = new Curve();
    for (let i = 0; i < 2000; i++) {
      curve.add(i, 1);
      expect(curve.last!.x).toBeGreaterThan(i - 16);
    }
  });

  test("leaves out what is no number", () => {
    const curve = new Curve();
    curve.add(1, Number.NaN);
    expect(curve.points).toEqual([]);
  });
});

describe("axes", () => {
  test("cover the values with round marks", () => {
    const scale = linearScale([3.2, 97], 4, 0);
    expect(scale.ticks).toEqual([0, 50, 100]);
    expect(scale.at(0)).toBe(0);
    expect(scale.at(100)).toBe(1);
    expect(linearScale([0.913, 1], 4, undefined, 1).ticks).toEqual([0.9, 0.95, 1]);
    expect(linearScale([5, 5], 4, 0).ticks.length).toBeGreaterThan(1);
  });

  test("of powers of ten", () => {
    const scale = logScale([0.04, 2.4]);
    expect(scale.ticks).toEqual([0.1, 0.3, 1]);
    expect(scale.at(0.04)).toBeGreaterThanOrEqual(0);
    expect(scale.at(2.4)).toBeLessThanOrEqual(1);
  });
});

test("the page knows Descent by its public doors only", () => {
  const folder = fileURLToPath(new URL("../../demo/", import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(20);
  const imports = files.flatMap((file) => {
    const named = readFileSync(join(folder, file), "utf8").matchAll(/(?:from|import\() ?"([^"]+)"/g);
    return [...named].map(([, path = ""]) => ({ file, path }));
  });
  const foreign = imports.filter(({ file, path }) => {
    if (path.startsWith(".")) return !/^([^.]|\.\.\/examples\/)/.test(posix.join(posix.dirname(file), path));
    return !["descent", "descent/data"].includes(path) && /^(page|training)/.test(file);
  });
  expect(foreign).toEqual([]);
});

test("numbers for people", () => {
  expect(percent(0.98765)).toBe("98.8 %");
  expect(percent(1)).toBe("100.0 %");
  expect(percent(0.99999)).toBe("99.9 %");
  expect(percent(0.9999, 0)).toBe("99 %");
  expect(percent(Number.NaN)).toBe("–");
  expect(count(12345.6)).toBe("12,346");
  expect(count(2.7654)).toBe("2.77");
  expect(duration(59.4)).toBe("59 s");
  expect(duration(65)).toBe("1 min 5 s");
  expect(duration(7800)).toBe("2 h 10 min");
});
