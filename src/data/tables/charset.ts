import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { fail } from "../../util/index.ts";
import { withLineFeeds } from "./line-ends.ts";

/** Bytes at a file's beginning, and at its end, that tell how it is written. */
const LOOKED_AT = 1 << 20;

/** What a text is taken for that is not UTF-8: what Excel writes on Windows, of which Latin-1 is a part. */
const OTHERWISE = "windows-1252";

const isZipped = (path: string) => /\.gz$/i.test(path);

/** How letters are written in a file, and its first ones. */
export interface Writing {
  /** A name of the Encoding Standard, such as "utf-8" or "windows-1252". */
  readonly charset: string;
  /** The text at the beginning, up to a million bytes of it. */
  readonly head: string;
}

/**
 * How letters are written in a file: as its first bytes say (a byte order mark, or every second byte being 0), UTF-8 where its beginning and its
 * end are, else windows-1252.
 *
 * @param asked by a user; then only the head is read.
 */
export async function writingOf(path: string, asked: string | undefined): Promise<Writing> {
  const head = await firstBytes(path);
  const charset = asked === undefined ? await charsetOf(path, head) : charsetNamed(asked);
  return { charset, head: new TextDecoder(charset).decode(head) };
}

async function charsetOf(path: string, head: Uint8Array): Promise<string> {
  const [first, second] = head;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  const zeros = (from: number) => head.subarray(0, 200).filter((byte, i) => i % 2 === from && byte === 0).length;
  const looked = Math.min(100, head.length / 2);
  if (head.length > 20 && zeros(1) > 0.8 * looked && zeros(0) === 0) return "utf-16le";
  if (head.length > 20 && zeros(0) > 0.8 * looked && zeros(1) === 0) return "utf-16be";
  const isUtf8 = isValid(head) && (isZipped(path) || isValid(await lastBytes(path)));
  return isUtf8 ? "utf-8" : OTHERWISE;
}

/** The standard's name of a charset. */
export function charsetNamed(name: string): string {
  try {
    return new TextDecoder(name).encoding;
  } catch {
    return fail(
      `charset is ${JSON.stringify(name)}`,
      'a name such as "utf-8", "windows-1252", "utf-16le", "shift_jis"',
    );
  }
}

/** Whether bytes, cut anywhere, are UTF-8. */
function isValid(bytes: Uint8Array): boolean {
  let [from, to] = [0, bytes.length];
  while (from < Math.min(3, to) && ((bytes[from] as number) & 0xc0) === 0x80) from++;
  // A letter of up to four bytes may be cut off at the end.
  for (let back = 1; back <= Math.min(4, to - from); back++) {
    const byte = bytes[to - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    if (length > back) to -= back;
    break;
  }
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(from, to));
    return true;
  } catch {
    return false;
  }
}

/** The first million bytes, of what is in it where a file is compressed. */
async function firstBytes(path: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const file = createReadStream(path, isZipped(path) ? {} : { end: LOOKED_AT - 1 });
  const source = isZipped(path) ? file.pipe(createGunzip()) : file;
  try {
    for await (const part of source as AsyncIterable<Uint8Array>) {
      parts.push(part);
      length += part.length;
      if (length >= LOOKED_AT) break;
    }
  } catch {
    // What is broken is told by who reads it.
  } finally {
    file.destroy();
  }
  return Buffer.concat(parts).subarray(0, LOOKED_AT);
}

async function lastBytes(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, LOOKED_AT);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Writes a file again as UTF-8, with line feeds at the ends of its lines.
 *
 * @throws DescentError for bytes that are no letters of the charset.
 */
export async function writeUtf8(path: string, charset: string, target: string): Promise<void> {
  const decoder = new TextDecoder(charset, { fatal: true });
  const letters = async function* (parts: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
    for await (const part of parts) yield decoder.decode(part, { stream: true });
    yield decoder.decode();
  };
  try {
    const file = createReadStream(path);
    const to = createWriteStream(target, { flags: "wx", mode: 0o600 });
    if (isZipped(path)) await pipeline(file, createGunzip(), letters, withLineFeeds, to);
    else await pipeline(file, letters, withLineFeeds, to);
  } catch (error) {
    if (error instanceof TypeError)
      fail(`${path} is not written in ${charset}`, "letters of that charset", "charset names another");
    throw error;
  }
}
