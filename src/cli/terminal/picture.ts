import { fail, formatShape, product, type Shape } from "../../util/index.ts";
import { colorEnabled, displayWidth } from "./color.ts";

const SHADES = [" ", "▀", "▄", "█"] as const;

/**
 * A picture as lines of half-block characters, two pixels a character: gray or colored in a terminal, otherwise
 * plain blocks where a pixel is brighter than half.
 *
 * @param pixels bytes 0-255 in a Uint8Array, otherwise numbers from 0 (black) to 1 (white).
 * @param shape [height, width] or [height, width, channels] with 1 or 3 channels.
 * @throws DescentError when the shape is no picture or does not hold that many pixels.
 * @example
 * console.log(picture([0, 1, 1, 0], [2, 2]).join("\n"));
 */
export function picture(pixels: ArrayLike<number>, shape: Shape, color: boolean = colorEnabled()): string[] {
  const [height = 0, width = 0, channels = 1] = shape;
  if (shape.length < 2 || shape.length > 3 || pixels.length !== product(shape) || ![1, 3].includes(channels)) {
    fail(`${pixels.length} values of shape ${formatShape(shape)} are no picture`, "[height, width, 1 or 3 channels]");
  }
  const scale = pixels instanceof Uint8Array ? 1 : 255;
  const level = (y: number, x: number, channel: number) => {
    if (y >= height) return 0;
    const value = (pixels[(y * width + x) * channels + channel] ?? 0) * scale;
    return Math.round(Math.min(255, Math.max(0, value)));
  };
  const rgb = (y: number, x: number) => [0, 1, 2].map((c) => level(y, x, Math.min(c, channels - 1))).join(";");
  const bright = (y: number, x: number) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += level(y, x, c);
    return sum > 127 * channels;
  };
  const lines: string[] = [];
  for (let y = 0; y < height; y += 2) {
    let line = "";
    for (let x = 0; x < width; x++) {
      if (color) line += `\u001b[38;2;${rgb(y, x)};48;2;${rgb(y + 1, x)}m▀`;
      else line += SHADES[(bright(y, x) ? 1 : 0) + (bright(y + 1, x) ? 2 : 0)];
    }
    lines.push(color ? `${line}\u001b[0m` : line);
  }
  return lines;
}

/** Blocks of lines next to each other, each under its caption. */
export function sideBySide(blocks: readonly { caption: string; lines: readonly string[] }[], gap = 3): string {
  const widths = blocks.map((block) => Math.max(...[block.caption, ...block.lines].map(displayWidth)));
  const height = Math.max(0, ...blocks.map((block) => block.lines.length));
  const rows = Array.from({ length: height + 1 }, (_, i) =>
    blocks
      .map((block, j) => {
        const text = (i === 0 ? block.caption : block.lines[i - 1]) ?? "";
        return text + " ".repeat(Math.max(0, (widths[j] ?? 0) - displayWidth(text)));
      })
      .join(" ".repeat(gap))
      .trimEnd(),
  );
  return rows.join("\n");
}
