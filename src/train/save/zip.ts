import { fail } from "../../util/index.ts";
import { blobParts } from "./blobs.ts";
import type { ModelPart } from "./place.ts";

/**
 * ZIP archives without compression (weights are noise to a compressor): local headers with the files, the central directory,
 * its end. Little-endian; the layout is that of PKWARE's APPNOTE 4.3.
 */
const localSignature = 0x04034b50;
const entrySignature = 0x02014b50;
const endSignature = 0x06054b50;
const entrySize = 46;
const endSize = 22;
const localSize = 30;

/** Everything is dated 1980-01-01, the format's first day: the same model gives the same bytes. */
const firstDay = 0x21;

/** An archive with a folder that holds the files. */
export function zipBlob(folder: string, files: readonly ModelPart[]): Blob {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let offset = 0;
  let directorySize = 0;
  for (const { name, data } of files) {
    const path = new TextEncoder().encode(`${folder}/${name}`);
    const content = blobParts(typeof data === "string" ? new TextEncoder().encode(data) : data) as Uint8Array[];
    const size = content.reduce((sum, { length }) => sum + length, 0);
    if (offset + size > 0xffff0000) fail(`${folder}.zip would have more than 4 GB`, "a smaller model");
    const facts = [0, firstDay, checksum(content), size, size, path.length] as const;
    parts.push(
      record([localSignature, 20, utf8, 0, ...facts, 0], "42222244422"),
      path as BlobPart,
      ...(content as BlobPart[]),
    );
    const entry = record([entrySignature, 20, 20, utf8, 0, ...facts, 0, 0, 0, 0, 0, offset], "42222224442222244");
    directory.push(entry, path as BlobPart);
    directorySize += entrySize + path.length;
    offset += localSize + path.length + size;
  }
  const end = record([endSignature, 0, 0, files.length, files.length, directorySize, offset, 0], "42222442");
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** The flag for names in UTF-8. */
const utf8 = 0x800;

/**
 * The files of an archive by path, as slices of it.
 *
 * @throws DescentError for what is no archive, is cut short, or is compressed.
 */
export async function unzip(archive: Blob, name: string): Promise<Map<string, Blob>> {
  const tail = new DataView(await archive.slice(-endSize).arrayBuffer());
  if (tail.byteLength < endSize || tail.getUint32(0, true) !== endSignature) {
    fail(`${name} is no whole ZIP archive`, "the file that a save to downloads:// gave", unpack);
  }
  const [entries, size, start] = [tail.getUint16(10, true), tail.getUint32(12, true), tail.getUint32(16, true)];
  const directory = new DataView(await archive.slice(start, start + size).arrayBuffer());
  const files = new Map<string, Blob>();
  for (let i = 0, at = 0; i < entries; i++) {
    if (at + entrySize > directory.byteLength || directory.getUint32(at, true) !== entrySignature) damaged(name);
    const u16 = (offset: number) => directory.getUint16(at + offset, true);
    const u32 = (offset: number) => directory.getUint32(at + offset, true);
    const pathLength = u16(28);
    if (at + entrySize + pathLength > directory.byteLength) damaged(name);
    const path = new TextDecoder().decode(new Uint8Array(directory.buffer, at + entrySize, pathLength));
    if (u16(10) !== 0) fail(`${name}: ${path} is compressed`, "an archive as Descent writes it", unpack);
    const local = new DataView(await archive.slice(u32(42), u32(42) + localSize).arrayBuffer());
    if (local.byteLength < localSize || local.getUint32(0, true) !== localSignature) damaged(name);
    const data = u32(42) + localSize + local.getUint16(26, true) + local.getUint16(28, true);
    files.set(path, archive.slice(data, data + u32(24)));
    at += entrySize + pathLength + u16(30) + u16(32);
  }
  return files;
}

const unpack = "unpack it, and pick the files in it together";

function damaged(name: string): never {
  fail(`${name} is a damaged ZIP archive`, "the file as it was saved", "copy it again");
}

/** Numbers, each of as many bytes as its digit in `widths` says. */
function record(values: readonly number[], widths: string): ArrayBuffer {
  const bytes = new DataView(new ArrayBuffer([...widths].reduce((sum, width) => sum + Number(width), 0)));
  let at = 0;
  values.forEach((value, i) => {
    if (widths[i] === "4") bytes.setUint32(at, value, true);
    else bytes.setUint16(at, value, true);
    at += Number(widths[i]);
  });
  return bytes.buffer;
}

/** CRC-32 (IEEE 802.3), a byte at a time. */
function checksum(parts: readonly Uint8Array[]): number {
  const table = Uint32Array.from({ length: 256 }, (_, n) => {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value;
  });
  let crc = 0xffffffff;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) crc = (table[(crc ^ (part[i] as number)) & 255] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
