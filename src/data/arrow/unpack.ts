import * as zlib from "node:zlib";
import { damaged } from "../readers/headers.ts";
import { ARROW } from "./flatTable.ts";

/** Bytes that one buffer may unpack to. */
const MOST = 2 ** 30;

/** How a batch's buffers are packed, by Arrow's numbers. */
export type Codec = "lz4" | "zstd";

/**
 * What a buffer of a batch holds: in front of what is packed stands its length, -1 where the rest is as it is. Memory that is asked for because of a
 * length that lies is never touched.
 */
export async function unpacked(bytes: Uint8Array, codec: Codec, name: string): Promise<Uint8Array> {
  if (bytes.length === 0) return bytes;
  if (bytes.length < 8) damaged(name, "one of its buffers is cut short", ARROW);
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true));
  const content = bytes.subarray(8);
  if (size === -1) return content;
  if (size < 0 || size > MOST) damaged(name, `a buffer would unpack to ${size} bytes`, "at most 1 GiB in a buffer");
  const out = codec === "lz4" ? lz4Frame(content, size) : await zstd(content, size, name);
  return out?.length === size ? out : damaged(name, "one of its buffers cannot be unpacked", ARROW);
}

type Zstd = (bytes: Uint8Array, options: object, done: (error: Error | null, out: Uint8Array) => void) => void;

/** Zstandard, which Node has since version 22.15. */
async function zstd(bytes: Uint8Array, size: number, name: string): Promise<Uint8Array | undefined> {
  const { zstdDecompress } = zlib as unknown as { zstdDecompress?: Zstd };
  if (!zstdDecompress) {
    return damaged(
      name,
      "it is packed by Zstandard",
      "Node 22.15 or later for this, or a file packed by LZ4 or not at all",
    );
  }
  return new Promise((resolve) =>
    zstdDecompress(bytes, { maxOutputLength: Math.max(1, size) }, (error, out) => resolve(error ? undefined : out)),
  );
}

/**
 * A frame of LZ4 that holds `size` bytes: magic number, flags, then blocks of at most 4 MB, each packed or as it is, up to one of no bytes.
 * Undefined for what is none. Checksums, which nobody writes into Arrow files, are passed over.
 */
export function lz4Frame(bytes: Uint8Array, size: number): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 11 || view.getUint32(0, true) !== 0x184d2204) return undefined;
  const flags = bytes[4] as number;
  if (flags >> 6 !== 1 || size > 255 * bytes.length) return undefined;
  const [hasSum, hasSize, hasDictionary] = [flags & 16, flags & 8, flags & 1];
  if (hasDictionary) return undefined;
  const out = new Uint8Array(size);
  let at = 7 + (hasSize ? 8 : 0);
  let to = 0;
  while (at + 4 <= bytes.length) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) return to === size ? out : undefined;
    const length = word & 0x7fffffff;
    if (at + length > bytes.length) return undefined;
    const block = bytes.subarray(at, at + length);
    if (word >>> 31) {
      if (to + length > size) return undefined;
      out.set(block, to);
      to += length;
    } else {
      const end = lz4Block(block, out, to);
      if (end === undefined) return undefined;
      to = end;
    }
    at += length + (hasSum ? 4 : 0);
  }
  return undefined;
}

/**
 * Sequences of literals, each followed by a copy of what was written `offset` bytes ago. Four bits for each of the two lengths stand in front; 15 says
 * that bytes follow which are added, up to one that isn't 255.
 *
 * @returns where the bytes that it wrote end; undefined when they are none of LZ4.
 */
function lz4Block(from: Uint8Array, out: Uint8Array, start: number): number | undefined {
  let at = 0;
  let to = start;
  const more = (length: number): number => {
    if (length < 15) return length;
    let sum = length;
    for (;;) {
      const byte = from[at++];
      if (byte === undefined) return Number.POSITIVE_INFINITY;
      sum += byte;
      if (byte !== 255) return sum;
    }
  };
  while (at < from.length) {
    const token = from[at++] as number;
    const literals = more(token >> 4);
    if (at + literals > from.length || to + literals > out.length) return undefined;
    out.set(from.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at === from.length) return to; // the last sequence copies nothing
    if (at + 2 > from.length) return undefined;
    const offset = (from[at] as number) | ((from[at + 1] as number) << 8);
    at += 2;
    const length = more(token & 15) + 4;
    if (offset === 0 || offset > to || to + length > out.length) return undefined;
    if (offset >= length) out.copyWithin(to, to - offset, to - offset + length);
    else for (let i = 0; i < length; i++) out[to + i] = out[to + i - offset] as number;
    to += length;
  }
  return undefined;
}
