import type { Column } from "../column.ts";

/** At most so many elements of a column are looked at. */
const MOST = 1 << 16;

/**
 * A fingerprint of training data: 32-bit FNV-1a over the bits of up to 65,536 elements of each column, evenly spread. Tells other data
 * from the same; a quick look, no proof.
 */
export function digestOf(columns: readonly Column[]): string {
  const word = new Uint32Array(new Float64Array(1).buffer);
  const number = new Float64Array(word.buffer);
  let hash = 0x811c9dc5;
  const mix = (bits: number) => {
    hash = Math.imul(hash ^ bits, 0x01000193);
  };
  for (const { data, rowShape } of columns) {
    mix(data.length);
    for (const size of rowShape) mix(size);
    const stride = Math.max(1, Math.floor(data.length / MOST));
    for (let i = 0; i < data.length; i += stride) {
      number[0] = Number(data[i]);
      mix(word[0] as number);
      mix(word[1] as number);
    }
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
