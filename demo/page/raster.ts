import { PIXELS, SIDE } from "../digits.ts";

/** A place on the drawing area: 0 to 1 from left to right and from top to bottom. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Where the pen went without being lifted. */
export type Stroke = readonly Place[];

/** Ink fits into a square of so many pixels, as MNIST's digits do... */
const BOX = 20;
/** ...and a line is about as thick as theirs, whatever the size of the drawing: radius, and width of its soft edge, in pixels. */
const RADIUS = 1.25;
const EDGE = 1.3;
/** Ink ends so far from the middle of a line. */
const REACH = RADIUS + EDGE / 2;

/**
 * A drawing as MNIST would hold it: [784], 0 paper to 1 ink. The ink is scaled to fit into 20 x 20 pixels, without a change of its
 * proportions, and its centre of mass lies in the middle of the 28 x 28 (LeCun's description of the data set), or as near to it
 * as it can without ink being lost beyond the border.
 */
export function rasterize(strokes: readonly Stroke[]): Float32Array | undefined {
  const places = strokes.flat();
  if (places.length === 0) return undefined;
  const [left, right] = [Math.min(...places.map(({ x }) => x)), Math.max(...places.map(({ x }) => x))];
  const [top, bottom] = [Math.min(...places.map(({ y }) => y)), Math.max(...places.map(({ y }) => y))];
  const room = BOX - 2 * RADIUS;
  const scale = room / Math.max(right - left, bottom - top, 0.05); // a dot stays a dot
  const scaled = strokes.map((stroke) =>
    stroke.map(({ x, y }) => ({
      x: SIDE / 2 + (x - (left + right) / 2) * scale,
      y: SIDE / 2 + (y - (top + bottom) / 2) * scale,
    })),
  );
  const centre = centreOfMass(draw(scaled));
  const dx = inside(SIDE / 2 - centre.x, (right - left) * scale);
  const dy = inside(SIDE / 2 - centre.y, (bottom - top) * scale);
  return draw(scaled.map((stroke) => stroke.map(({ x, y }) => ({ x: x + dx, y: y + dy }))));
}

/** A shift from the middle that keeps lines of so many pixels, soft edges included, in the image. */
function inside(shift: number, length: number): number {
  const most = (SIDE - length) / 2 - REACH;
  return Math.min(most, Math.max(-most, shift));
}

/** Lines with soft edges, in pixels. */
function draw(strokes: readonly Stroke[]): Float32Array {
  const pixels = new Float32Array(PIXELS);
  for (const stroke of strokes) {
    stroke.forEach((to, i) => {
      const from = stroke[i - 1] ?? to;
      if (i === 0 && stroke.length > 1) return;
      const columns = span(from.x, to.x);
      const rows = span(from.y, to.y);
      for (let row = rows[0]; row <= rows[1]; row++) {
        for (let column = columns[0]; column <= columns[1]; column++) {
          const away = distance({ x: column + 0.5, y: row + 0.5 }, from, to);
          const ink = Math.min(1, Math.max(0, (REACH - away) / EDGE));
          const at = row * SIDE + column;
          pixels[at] = Math.max(pixels[at] ?? 0, ink);
        }
      }
    });
  }
  return pixels;
}

/** First and last pixel that a line between two coordinates can touch. */
function span(a: number, b: number): [number, number] {
  return [Math.max(0, Math.floor(Math.min(a, b) - REACH)), Math.min(SIDE - 1, Math.ceil(Math.max(a, b) + REACH))];
}

function distance(p: Place, a: Place, b: Place): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length > 0 ? Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length)) : 0;
  return Math.hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

/** In pixels; the middle of the first pixel is 0.5. */
export function centreOfMass(pixels: Float32Array): Place {
  let [mass, x, y] = [0, 0, 0];
  pixels.forEach((ink, i) => {
    mass += ink;
    x += ink * ((i % SIDE) + 0.5);
    y += ink * (Math.floor(i / SIDE) + 0.5);
  });
  return mass > 0 ? { x: x / mass, y: y / mass } : { x: SIDE / 2, y: SIDE / 2 };
}
