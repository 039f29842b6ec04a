import { describe, expect, test } from "vitest";
import { PIXELS, SIDE } from "../../demo/digits.ts";
import { centreOfMass, type Place, rasterize, type Stroke } from "../../demo/page/raster.ts";
import fc from "../tools/properties.ts";

const place = fc.record({
  x: fc.double({ min: 0, max: 1, noNaN: true }),
  y: fc.double({ min: 0, max: 1, noNaN: true }),
});
const drawing = fc.array(fc.array(place, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });

/** First and last row and column with ink. */
function box(pixels: Float32Array) {
  const inked = Array.from(pixels.keys()).filter((i) => pixels[i]! > 0.5);
  const columns = inked.map((i) => i % SIDE);
  const rows = inked.map((i) => Math.floor(i / SIDE));
  return { width: Math.max(...columns) - Math.min(...columns) + 1, height: Math.max(...rows) - Math.min(...rows) + 1 };
}

const moved = (strokes: readonly Stroke[], change: (place: Place) => Place) =>
  strokes.map((stroke) => stroke.map(change));

describe("a drawing becomes an image as MNIST's are", () => {
  test("nothing drawn gives nothing", () => {
    expect(rasterize([])).toBeUndefined();
  });

  test("784 values from 0 to 1, with ink, and their centre of mass in the middle or as near as the border allows", () => {
    fc.assert(
      fc.property(drawing, (strokes) => {
        const pixels = rasterize(strokes)!;
        expect(pixels).toHaveLength(PIXELS);
        expect(Math.min(...pixels)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...pixels)).toBeLessThanOrEqual(1);
        expect(Math.max(...pixels)).toBeGreaterThan(0.5);
        const { x, y } = centreOfMass(pixels);
        const ink = Array.from(pixels.keys()).filter((i) => pixels[i]! > 0);
        // Off the middle by no more than half a pixel (lines begin between pixels), or where ink is at the border it moves towards.
        for (const [centre, places] of [
          [x, ink.map((i) => i % SIDE)],
          [y, ink.map((i) => Math.floor(i / SIDE))],
        ] as const) {
          const off = centre - SIDE / 2;
          if (off < -0.5) expect(Math.max(...places)).toBeGreaterThanOrEqual(SIDE - 2);
          if (off > 0.5) expect(Math.min(...places)).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("ink fits into about 20 x 20 pixels, its proportions kept", () => {
    const seven = [
      [
        { x: 0.3, y: 0.2 },
        { x: 0.7, y: 0.2 },
        { x: 0.45, y: 0.9 },
      ],
    ];
    const { width, height } = box(rasterize(seven)!);
    expect(height).toBeGreaterThanOrEqual(19);
    expect(height).toBeLessThanOrEqual(21);
    expect(width).toBeGreaterThanOrEqual(11);
    expect(width).toBeLessThanOrEqual(14);
  });

  test("where and how large it is drawn does not matter", () => {
    const two = [
      [
        { x: 0.1, y: 0.2 },
        { x: 0.5, y: 0.05 },
        { x: 0.55, y: 0.4 },
        { x: 0.1, y: 0.8 },
        { x: 0.6, y: 0.8 },
      ],
    ];
    const small = moved(two, ({ x, y }) => ({ x: 0.3 + x * 0.35, y: 0.6 + y * 0.35 }));
    const [a, b] = [rasterize(two)!, rasterize(small)!];
    a.forEach((ink, i) => {
      expect(b[i]).toBeCloseTo(ink, 5);
    });
  });

  test("no ink is lost, however far its centre of mass is from the middle of its box", () => {
    const flag = [[...Array(40)].map((_, i) => ({ x: 0.1, y: 0.1 + i * 0.001 })), [{ x: 0.1, y: 0.9 }]];
    const dot = rasterize([[{ x: 0.5, y: 0.5 }]])!.reduce((a, b) => a + b);
    const lower = rasterize(flag)!.reduce((sum, value, i) => (i >= 20 * SIDE ? sum + value : sum), 0);
    expect(lower).toBeGreaterThan(0.9 * dot);
  });

  test("a dot is a dot", () => {
    const { width, height } = box(rasterize([[{ x: 0.9, y: 0.1 }]])!);
    expect([width, height]).toEqual([2, 2]);
  });
});
