/**
 * MurmurHash3 (x86, 32 bits; A. Appleby, public domain) of a text's UTF-8 bytes: well mixed, the same everywhere.
 *
 * @returns an integer in [0, 2^32).
 */
export function murmur3(bytes: Uint8Array, seed = 0): number {
  const { length } = bytes;
  let h = seed | 0;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    h ^= scrambled(
      byte(bytes, i) | (byte(bytes, i + 1) << 8) | (byte(bytes, i + 2) << 16) | (byte(bytes, i + 3) << 24),
    );
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let i = length - 1; i >= whole; i--) rest = (rest << 8) | byte(bytes, i);
  if (length > whole) h ^= scrambled(rest);
  h ^= length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function scrambled(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function byte(bytes: Uint8Array, i: number): number {
  return bytes[i] as number;
}
