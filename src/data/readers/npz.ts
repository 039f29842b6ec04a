import { inflateRaw } from "node:zlib";
import { type ArrayFile, inMemory, MOST_UNPACKED, wholeFile } from "./array-file.ts";
import { damaged, npyHeader } from "./headers.ts";

const NPZ = "a whole .npz file, as np.savez and np.savez_compressed write";

/** The arrays of an .npz archive by name: a ZIP of .npy files, plain or deflated; read into memory. Names are never paths of this machine. */
export async function npzFiles(path: string): Promise<Map<string, ArrayFile>> {
  const bytes = await wholeFile(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endOf(view, path);
  const entries = view.getUint16(end + 10, true);
  const files = new Map<string, ArrayFile>();
  let at = view.getUint32(end + 16, true);
  let unpacked = 0;
  for (let i = 0; i < entries; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50) damaged(path, "its directory is damaged", NPZ);
    const [method, sum] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
    const [packed, size] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    const lengths = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const [nameLength = 0, extra = 0, comment = 0] = lengths;
    const local = view.getUint32(at + 42, true);
    if (at + 46 + nameLength > end || local + 30 > end) damaged(path, "its directory is damaged", NPZ);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    at += 46 + nameLength + extra + comment;
    if (packed === 0xffffffff || size === 0xffffffff) damaged(path, `${name} has 4 GB or more`, "arrays as .npy files");
    const own = bytes.subarray(local + 30, local + 30 + view.getUint16(local + 26, true));
    if (new TextDecoder().decode(own) !== name) damaged(path, `${name} has another name in front of it`, NPZ);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (start + packed > end || (method === 0 && packed !== size)) damaged(path, `${name} lies outside of it`, NPZ);
    unpacked += size;
    if (unpacked > MOST_UNPACKED) damaged(path, "it unpacks to more than 1 GiB", "arrays as .npy files");
    const content = bytes.subarray(start, start + packed);
    const data = method === 0 ? content : method === 8 ? await inflated(content, size, path) : undefined;
    if (!data) damaged(path, `${name} is packed in a way of its own (${method})`, NPZ);
    if (data.length !== size || crc32(data) !== sum) damaged(path, `the checksum of ${name} is wrong`, NPZ);
    files.set(name.replace(/\.npy$/, ""), inMemory(data, `${path}: ${name}`, npyHeader));
  }
  if (at !== end || files.size !== entries) damaged(path, "its directory is damaged", NPZ);
  if (files.size === 0) damaged(path, "it holds no arrays", NPZ);
  return files;
}

/** Where the record at an archive's end begins; a comment of up to 65,535 bytes may follow it. */
function endOf(view: DataView, path: string): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 65_535); at--) {
    if (view.getUint32(at, true) === 0x06054b50) return at;
  }
  return damaged(path, "it is no ZIP archive, or cut short", NPZ);
}

function inflated(bytes: Uint8Array, size: number, path: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    inflateRaw(bytes, { maxOutputLength: Math.max(1, size) }, (error, result) => {
      if (!error) return resolve(result);
      try {
        damaged(path, `it cannot be unpacked (${error.message})`, NPZ);
      } catch (refusal) {
        reject(refusal);
      }
    });
  });
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** CRC-32 (IEEE 802.3). */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = (TABLE[(crc ^ (bytes[i] as number)) & 255] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}
