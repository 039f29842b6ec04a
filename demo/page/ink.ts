import { PIXELS, SIDE } from "../digits.ts";

/** Puts 784 values, 0 paper to `full` ink, onto a canvas of 28 x 28: white on black, as the digits were scanned. */
export function showInk(canvas: HTMLCanvasElement, pixels: ArrayLike<number> | undefined, full: number): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(SIDE, SIDE);
  for (let i = 0; i < PIXELS; i++) {
    image.data.fill(Math.round(((pixels?.[i] ?? 0) / full) * 255), i * 4, i * 4 + 3);
    image.data[i * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
