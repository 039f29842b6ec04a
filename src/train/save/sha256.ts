/** Bits 32 to 63 of the fractional part of the n-th root of each prime: the algorithm's constants (FIPS 180-4, 4.2.2). */
function primeRoots(count: number, root: number): Uint32Array {
  const words = new Uint32Array(count);
  for (let candidate = 2, found = 0; found < count; candidate++) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) prime = false;
    if (prime) words[found++] = (candidate ** (1 / root) % 1) * 4294967296;
  }
  return words;
}

const rotate = (word: number, by: number) => (word >>> by) | (word << (32 - by));

/** SHA-256 (FIPS 180-4), for where the browser's own is not to be had. */
export function sha256Digest(bytes: Uint8Array): Uint8Array {
  const constants = primeRoots(64, 3);
  const state = primeRoots(8, 2);
  const words = new Uint32Array(64);

  const rest = bytes.length % 64;
  const ending = new Uint8Array(rest < 56 ? 64 : 128);
  ending.set(bytes.subarray(bytes.length - rest));
  ending[rest] = 0x80;
  const size = new DataView(ending.buffer);
  size.setBigUint64(ending.length - 8, BigInt(bytes.length) * 8n);
  const whole = new DataView(bytes.buffer, bytes.byteOffset, bytes.length - rest);
  for (let at = 0; at < whole.byteLength; at += 64) mixBlock(state, words, constants, whole, at);
  for (let at = 0; at < size.byteLength; at += 64) mixBlock(state, words, constants, size, at);

  const digest = new DataView(new ArrayBuffer(32));
  for (let i = 0; i < 8; i++) digest.setUint32(4 * i, state[i] as number);
  return new Uint8Array(digest.buffer);
}

function mixBlock(state: Uint32Array, words: Uint32Array, constants: Uint32Array, data: DataView, at: number): void {
  for (let i = 0; i < 16; i++) words[i] = data.getUint32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const x = words[i - 15] as number;
    const y = words[i - 2] as number;
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    words[i] = (words[i - 16] as number) + s0 + (words[i - 7] as number) + s1;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const t1 = (h + s1 + choice + (constants[i] as number) + (words[i] as number)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + s0 + majority) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => {
    state[i] = (state[i] as number) + word;
  });
}
