import { crc32, deflateSync } from "node:zlib";
import { fail, formatShape, product, type Shape } from "../../util/index.ts";

/** PNG's color type by number of channels: gray, gray + alpha, RGB, RGB + alpha. */
const COLOR_TYPES: Record<number, number> = { 1: 0, 2: 4, 3: 2, 4: 6 };
const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/**
 * A picture as a PNG file, 8 bits a channel (PNG specification, third edition; filter 0).
 *
 * @param pixels bytes 0-255 in a Uint8Array, otherwise numbers from 0 (black) to 1 (white), clipped; NaN is black.
 * @param shape [height, width] or [height, width, channels] with 1 to 4 channels.
 * @throws DescentError when the shape is no picture or does not hold that many pixels.
 * @example
 * const png = encodePng([0, 1, 1, 0], [2, 2]);
 */
export function encodePng(pixels: ArrayLike<number>, shape: Shape): Uint8Array {
  const [height = 0, width = 0, channels = 1] = shape;
  const colorType = COLOR_TYPES[channels];
  if (shape.length < 2 || shape.length > 3 || !(height > 0 && width > 0) || colorType === undefined) {
    fail(`a picture cannot have shape ${formatShape(shape)}`, "[height, width] or [height, width, 1 to 4 channels]");
  }
  if (pixels.length !== product(shape)) {
    fail(`a picture of shape ${formatShape(shape)} got ${pixels.length} values`, `${product(shape)} values`);
  }
  const scale = pixels instanceof Uint8Array ? 1 : 255;
  const rowLength = width * channels;
  const rows = new Uint8Array(height * (rowLength + 1)); // each row starts with its filter, 0
  for (let i = 0; i < pixels.length; i++) {
    const value = Math.round((pixels[i] ?? 0) * scale);
    rows[i + Math.floor(i / rowLength) + 1] = Math.min(255, Math.max(0, value));
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, colorType, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** The same picture as a `data:` address, for an <img> that needs no network. */
export function pngDataUri(pixels: ArrayLike<number>, shape: Shape): string {
  return `data:image/png;base64,${Buffer.from(encodePng(pixels, shape)).toString("base64")}`;
}

/** Length, type, content and checksum (of type and content). */
function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(Buffer.from(type, "latin1"), 4);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, crc32(bytes.subarray(4, 8 + content.length)));
  return bytes;
}
