import { fail } from "../util/index.ts";

/**
 * The text that bytes in UTF-8 stand for, as of a file.
 *
 * @param name how errors call it.
 * @throws DescentError naming the first byte that is not UTF-8, and for no bytes.
 * @example
 * decodeText(new TextEncoder().encode("héllo")); // "héllo"
 */
export function decodeText(bytes: Uint8Array, name = "the text"): string {
  if (bytes.length === 0) fail(`${name} is empty`, "at least one character");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const at = firstBad(bytes);
    const hex = (bytes[at] ?? 0).toString(16).padStart(2, "0");
    fail(
      `${name} is not UTF-8: byte ${at} is 0x${hex}`,
      "text in UTF-8",
      'convert it, for instance with new TextDecoder("windows-1252").decode(bytes)',
    );
  }
}

/** Where the longest whole text from the beginning ends, by halves. */
function firstBad(bytes: Uint8Array): number {
  const begins = (length: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (begins(middle)) good = middle;
    else bad = middle;
  }
  return Math.min(good, bytes.length - 1);
}
