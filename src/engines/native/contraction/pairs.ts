import type { Target } from "../../../codegen/index.ts";
import { type Support, transposeSquare } from "./microkernel.ts";
import { repeat } from "./text.ts";

/**
 * Panels of products in bfloat16: a word holds two steps of the depth, the first one in its lower half. So AVX512_BF16 wants them: one
 * instruction multiplies two pairs and adds both products to a float32 sum. Elsewhere the halves are taken apart, and multiplied one
 * after the other, in the same order.
 */

/** One word of two numbers that are rounded. */
const WORD = `/* The nearest bfloat16, ties to even, in the upper half of a word; what is smaller than 2^-126 becomes a zero. */
INLINE vu bf16_vu(vf x) {
  const vu bits = (vu)x, nearest = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
  return (vu)choose_vf(abs_vf(x) >= 0x1p-126f, (vf)nearest, x * 0.0f);
}
INLINE vf bf16_vf(vf x) { return (vf)bf16_vu(x); }
INLINE float bf16_f(float x) {
  bits32 word = {.f = x};
  word.u = (word.u + 0x7fffu + (word.u >> 16 & 1u)) & 0xffff0000u;
  return abs_f(x) >= 0x1p-126f ? word.f : x * 0.0f;
}
INLINE float pair_f(float low, float high) {
  const bits32 a = {.f = bf16_f(low)}, b = {.f = bf16_f(high)};
  return ((bits32){.u = a.u >> 16 | b.u}).f;
}`;

/** Declares bf16_f, bf16_vf: numbers and vectors rounded to bfloat16. */
export function roundingFunctions(support: Support): void {
  support.set("bf16", WORD);
}

/** Lanes 0, 1 .. of two vectors, as two vectors' lanes by number. */
const indices = (count: number, at: (lane: number) => number): string =>
  repeat(count, (lane) => String(at(lane))).join(", ");

/** Words of whole vectors, and the sum of what their halves' products are. */
function wordsText({ lanes }: Target): string {
  return `#if defined(__AVX512BF16__) && VB == 64
typedef uint16_t vhalves __attribute__((vector_size(VB)));
/* 32 numbers in order. */
INLINE vf pair_steps(vf low, vf high) { vf r; __asm__("vcvtne2ps2bf16 %1, %2, %0" : "=v"(r) : "v"(low), "v"(high)); return r; }
INLINE vf pair_lanes(vf low, vf high) {
  const vhalves both = (vhalves)pair_steps(low, high);
#if defined(__clang__) || __GNUC__ >= 12
  return (vf)__builtin_shufflevector(both, both, ${indices(2 * lanes, (lane) => (lane >> 1) + (lane & 1) * lanes)});
#else
  return (vf)__builtin_shuffle(both, (vhalves){${indices(2 * lanes, (lane) => (lane >> 1) + (lane & 1) * lanes)}});
#endif
}
/* The first n lanes; a vector put together in memory would be waited for. */
INLINE vf load_first(const float* p, int n) { return __builtin_ia32_loadups512_mask(p, (vf){0}, (unsigned short)((1u << n) - 1)); }
INLINE void store_first(float* p, vf v, int n) { __builtin_ia32_storeups512_mask(p, v, (unsigned short)((1u << n) - 1)); }
INLINE vf add_products(vf sum, vf x, vf y) { __asm__("vdpbf16ps %1, %2, %0" : "+v"(sum) : "v"(x), "v"(y)); return sum; }
#else
INLINE vf load_first(const float* p, int n) { vf v = {0}; memcpy(&v, p, n * sizeof(float)); return v; }
INLINE void store_first(float* p, vf v, int n) { memcpy(p, &v, n * sizeof(float)); }
INLINE vf pair_lanes(vf low, vf high) { return (vf)(bf16_vu(low) >> 16 | bf16_vu(high)); }
INLINE vf pair_steps(vf low, vf high) {
#if defined(__clang__) || __GNUC__ >= 12
  const vf even = __builtin_shufflevector(low, high, ${indices(lanes, (lane) => 2 * lane)});
  const vf odd = __builtin_shufflevector(low, high, ${indices(lanes, (lane) => 2 * lane + 1)});
#else
  const vf even = __builtin_shuffle(low, high, (vi){${indices(lanes, (lane) => 2 * lane)}});
  const vf odd = __builtin_shuffle(low, high, (vi){${indices(lanes, (lane) => 2 * lane + 1)}});
#endif
  return pair_lanes(even, odd);
}
INLINE vf add_products(vf sum, vf x, vf y) {
  sum += (vf)((vu)x & 0xffff0000u) * (vf)((vu)y & 0xffff0000u);
  return sum + (vf)((vu)x << 16) * (vf)((vu)y << 16);
}
#endif
/* A word in all lanes. */
INLINE vf splat_pair(float word) { return (vf)splat_u(((bits32){.f = word}).u); }`;
}

/** Declares what panels of pairs are made and multiplied by. */
export function pairFunctions(support: Support, target: Target): void {
  roundingFunctions(support);
  support.set("pairs", wordsText(target));
}

/** Word p of column i: rows[i][2p] and rows[i][2p + 1], for i < width and 2p < depth; behind the depth are zeros. */
export function packRowPairs(support: Support, target: Target, width: number): string {
  const name = `pack_row_pairs_${width}`;
  if (support.has(name)) return name;
  pairFunctions(support, target);
  transposeSquare(support, target);
  const { lanes } = target;
  /** A square of words: as many steps as two vectors hold, or one. */
  const squares = (second: boolean): string =>
    repeat(Math.ceil(width / lanes), (block) => {
      const first = block * lanes;
      const count = Math.min(lanes, width - first);
      const from = (i: number) => `rows[${first + i}] + k`;
      const words = (i: number) => `pair_steps(load_f(${from(i)}), ${second ? `load_f(${from(i)} + VL)` : "(vf){0}"})`;
      const loads = repeat(lanes, (i) => (i < count ? words(i) : "{0}")).join(", ");
      const place = `to + (k / 2 + j) * ${width} + ${first}`;
      const store = count === lanes ? `store_f(${place}, r[j]);` : `memcpy(${place}, &r[j], ${count} * sizeof(float));`;
      return `{ vf r[VL] = {${loads}}; transpose_square(r); for (int j = 0; j < ${second ? "VL" : "VL / 2"}; j++) ${store} }`;
    }).join("\n");
  support.set(
    name,
    `static __attribute__((noinline)) void ${name}(const float* const* rows, long depth, float* restrict to) {
  long k = 0;
  for (; k + 2 * VL <= depth; k += 2 * VL) {
${squares(true)}
  }
  if (k + VL <= depth) {
${squares(false)}
  k += VL;
  }
  for (; k < depth; k += 2) for (int i = 0; i < ${width}; i++) {
    to[k / 2 * ${width} + i] = pair_f(rows[i][k], k + 1 < depth ? rows[i][k + 1] : 0);
  }
}`,
  );
  return name;
}

/**
 * Word p of column j < count: from[2p * stride + j] and from[(2p + 1) * stride + j], where low <= 2p, 2p + 1 < high; elsewhere, and up to
 * the width, are zeros.
 */
export function packLanePairs(support: Support, target: Target, width: number, count = width): string {
  const name = `pack_lane_pairs_${width}${count < width ? `_${count}` : ""}`;
  if (support.has(name)) return name;
  pairFunctions(support, target);
  const { lanes } = target;
  const whole = Math.floor(count / lanes);
  const rest = count % lanes;
  const words = repeat(
    whole,
    (j) => `store_f(to + ${j} * VL, pair_lanes(load_f(a + ${j} * VL), load_f(b + ${j} * VL)));`,
  );
  if (rest > 0) {
    const [x, y] = ["a", "b"].map((row) => `load_first(${row} + ${whole} * VL, ${rest})`);
    words.push(`store_first(to + ${whole} * VL, pair_lanes(${x}, ${y}), ${rest});`);
  }
  if (count < width) words.push(`for (int j = ${count}; j < ${width}; j++) to[j] = 0;`);
  // Rows far apart are no stream that the processor would see coming.
  for (let j = 0; j < count; j += 16) {
    words.push(
      `__builtin_prefetch(from + (k + 16) * stride + ${j}); __builtin_prefetch(from + (k + 17) * stride + ${j});`,
    );
  }
  support.set(
    name,
    `static __attribute__((noinline)) void ${name}(const float* from, long stride, long low, long high, long depth, float* restrict to) {
  static const float zeros[${count}];
  for (long k = 0; k < depth; k += 2, to += ${width}) {
    const float* const a = k >= low && k < high ? from + k * stride : zeros;
    const float* const b = k + 1 >= low && k + 1 < high ? from + (k + 1) * stride : zeros;
    ${words.join("\n")}
  }
}`,
  );
  return name;
}
