/**
 * The digits in one file: four little-endian uint32 (magic, images to learn from, images to test with, pixels of an
 * image), then all pixels as bytes, 0 paper to 255 ink, then a byte for every label. Written when the page is built,
 * compressed with gzip; read in the page.
 */
export interface DigitSet {
  /** [count, 784], 0 to 255. */
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

export interface Digits {
  readonly train: DigitSet;
  readonly test: DigitSet;
}

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
const MAGIC = 0x31474944; // "DIG1"
const HEADER = 16;

export function encodeDigits({ train, test }: Digits): Uint8Array {
  const count = train.labels.length + test.labels.length;
  const bytes = new Uint8Array(HEADER + count * (PIXELS + 1));
  const header = new DataView(bytes.buffer);
  [MAGIC, train.labels.length, test.labels.length, PIXELS].forEach((value, i) => {
    header.setUint32(i * 4, value, true);
  });
  let at = HEADER;
  for (const part of [train.images, test.images, train.labels, test.labels]) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @throws Error when the bytes are something else, such as a host's page for a missing file. */
export function decodeDigits(bytes: Uint8Array): Digits {
  const header = new DataView(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEADER));
  const word = (i: number) => (bytes.length >= HEADER ? header.getUint32(i * 4, true) : 0);
  const [learned, tested] = [word(1), word(2)];
  const count = learned + tested;
  if (word(0) !== MAGIC || word(3) !== PIXELS || bytes.length !== HEADER + count * (PIXELS + 1)) {
    throw new Error("The file of digits is damaged. Build the page again: npm run demo:build.");
  }
  let at = HEADER;
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const [trainImages, testImages] = [take(learned * PIXELS), take(tested * PIXELS)];
  return {
    train: { images: trainImages, labels: take(learned) },
    test: { images: testImages, labels: take(tested) },
  };
}
