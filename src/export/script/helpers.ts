/** Functions that a script may need, by name; types stand where TypeScript wants them and are taken out for JavaScript. */
export const HELPERS = {
  sigmoid: `/** 1 / (1 + exp(-x)), without overflow. */
function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}`,
  erf: `/** The error function: its series near 0, a continued fraction further out. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 3) {
    let term = x;
    let total = x;
    for (let n = 1; n < 100 && Math.abs(term) > 1e-18 * Math.abs(total); n++) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (size + fraction)));
}`,
  pow: `/** x ** y, where 1 to any power is 1. */
function pow(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}`,
  round: `/** To the nearest integer, halves to the even one. */
function round(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}`,
  whole: `/** An integer towards 0, from low to high; NaN gives 0. */
function whole(x: number, low: number, high: number): number {
  return Number.isNaN(x) ? 0 : Math.min(high, Math.max(low, Math.trunc(x)));
}`,
  floats: `/** Numbers from the base64 of their little-endian bytes. */
function floats(text: string): Float32Array {
  const binary = atob(text);
  const view = new DataView(new ArrayBuffer(binary.length));
  for (let i = 0; i < binary.length; i++) view.setUint8(i, binary.charCodeAt(i));
  return Float32Array.from({ length: binary.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}`,
  words: `/** Texts as the model knows them: two MurmurHash3 hashes of each one's UTF-8 bytes. */
function words(texts: ArrayLike<string>): Uint32Array {
  const utf8 = new TextEncoder();
  const hash = (bytes: Uint8Array, seed: number): number => {
    const mixed = (k: number): number => Math.imul((Math.imul(k, 0xcc9e2d51) << 15) | (Math.imul(k, 0xcc9e2d51) >>> 17), 0x1b873593);
    let h = seed | 0;
    const whole = bytes.length & ~3;
    for (let i = 0; i < whole; i += 4) {
      h ^= mixed(bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
      h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
    }
    let tail = 0;
    for (let i = bytes.length - 1; i >= whole; i--) tail = (tail << 8) | bytes[i];
    if (whole < bytes.length) h ^= mixed(tail);
    h ^= bytes.length;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  };
  return Uint32Array.from({ length: 2 * texts.length }, (_, i) => hash(utf8.encode(texts[i >> 1]), i % 2 === 0 ? 0 : 0x9747b28c));
}`,
} as const;

export type Helper = keyof typeof HELPERS;
