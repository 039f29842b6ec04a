import { fail } from "../util/index.ts";

/**
 * The text that bytes in UTF-8 stand for, as of a file; or in UTF-16, where they begin with its mark.
 *
 * @param name how errors call it.
 * @throws DescentError naming the first byte that is not UTF-8, and for no bytes.
 * @example
 * decodeText(new TextEncoder().encode("héllo")); // "héllo"
 */
export function decodeText(bytes: Uint8Array, name = "the text"): string {
  if (bytes.length === 0) fail(`${name} is empty`, "at least one character");
  const mark = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  const encoding = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    if (encoding !== "utf-8") fail(`${name} begins as UTF-16 and is not`, "text in UTF-8 or UTF-16");
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
