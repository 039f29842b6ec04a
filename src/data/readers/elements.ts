import { fail } from "../../util/index.ts";
import type { NumberArray } from "../arrays.ts";

/** Kinds of numbers in files: a letter (b boolean, u, i, f, and g for bfloat16) and bytes. */
export type Element = "b1" | "u1" | "u2" | "u4" | "u8" | "i1" | "i2" | "i4" | "i8" | "f2" | "g2" | "f4" | "f8";

/** Bytes of a number. */
export function bytesOf(element: Element): number {
  return Number(element[1]);
}

/**
 * The numbers in some bytes: float16 and bfloat16 as float32, 64-bit integers as float64, booleans as 0 and 1, all else as it is.
 *
 * @param name in errors.
 * @throws DescentError for 64-bit integers that float64 does not hold.
 */
export function decodeElements(bytes: Uint8Array, element: Element, bigEndian: boolean, name: string): NumberArray {
  const size = bytesOf(element);
  const aligned = inOrder(bytes, size, bigEndian);
  const length = aligned.length / size;
  const { buffer } = aligned;
  switch (element) {
    case "b1":
      return aligned.map((byte) => (byte === 0 ? 0 : 1));
    case "u1":
      return aligned;
    case "i1":
      return new Int8Array(buffer, 0, length);
    case "u2":
      return new Uint16Array(buffer, 0, length);
    case "i2":
      return new Int16Array(buffer, 0, length);
    case "u4":
      return new Uint32Array(buffer, 0, length);
    case "i4":
      return new Int32Array(buffer, 0, length);
    case "f4":
      return new Float32Array(buffer, 0, length);
    case "f8":
      return new Float64Array(buffer, 0, length);
    case "f2":
      return Float32Array.from(new Uint16Array(buffer, 0, length), halfToNumber);
    case "g2":
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer, 0, length), (bits) => bits << 16).buffer);
    default: {
      const whole = element === "i8" ? new BigInt64Array(buffer, 0, length) : new BigUint64Array(buffer, 0, length);
      return Float64Array.from(whole as BigInt64Array, (value: bigint) => exact(value, name)) as Float64Array;
    }
  }
}

function exact(value: bigint, name: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) fail(`${name} holds the number ${value}`, "whole numbers up to 2^53");
  return number;
}

const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A copy, which is aligned, in the order of this machine. */
function inOrder(bytes: Uint8Array, size: number, bigEndian: boolean): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  if (size === 1 || bigEndian !== hostIsLittleEndian) return copy;
  for (let start = 0; start < copy.length; start += size) copy.subarray(start, start + size).reverse();
  return copy;
}

/** IEEE 754 half precision. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
