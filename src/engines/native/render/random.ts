import type { RandomKernel, ScatterKernel } from "../../../passes/index.ts";
import { PHILOX } from "../../../util/index.ts";
import type { RenderedKernel } from "./loop.ts";
import { Pointers } from "./pointers.ts";

/** Philox over a vector of counters; see the random op for which element gets which word. */
export const PHILOX_C = `
typedef uint64_t vd __attribute__((vector_size(2 * VB)));
INLINE vu mul_high(vu a, uint32_t m) { return __builtin_convertvector((__builtin_convertvector(a, vd) * (uint64_t)m) >> 32, vu); }
INLINE void philox(vu x[4], uint32_t k0, uint32_t k1) {
  for (int round = 0; round < ${PHILOX.rounds}; round++) {
    vu high0 = mul_high(x[0], ${PHILOX.M0}u), low0 = x[0] * ${PHILOX.M0}u;
    vu high1 = mul_high(x[2], ${PHILOX.M1}u), low1 = x[2] * ${PHILOX.M1}u;
    x[0] = high1 ^ x[1] ^ k0; x[1] = low1;
    x[2] = high0 ^ x[3] ^ k1; x[3] = low0;
    k0 += ${PHILOX.W0}u; k1 += ${PHILOX.W1}u;
  }
}
`;

/** C of a random kernel: groups of 64 elements are shared between workers. */
export function renderRandom({ key, counter, target, count, stream }: RandomKernel): RenderedKernel {
  const pointers = new Pointers();
  const [k, c, out] = [key, counter, target].map((access) => pointers.name(access)) as [string, string, string];
  const floats = target.dtype === "float32";
  const value = floats ? "__builtin_convertvector((vi)(x[w] >> 8), vf) * 0x1p-24f" : "x[w]";
  const suffix = floats ? "f" : "u";
  const body = `{
${pointers.declarations().join("\n")}
const long groups = ${Math.ceil(count / 64)}L;
const uint32_t k0 = ${k}[0], k1 = ${k}[1], step = ${c}[0];
for (long g = groups * worker / workers; g < groups * (worker + 1) / workers; g++) {
  for (int part = 0; part < 16; part += VL) {
    vu x[4] = { (vu)lanes() + (uint32_t)(g * 16 + part), splat_u(${stream}u), splat_u(step), (vu){0} };
    philox(x, k0, k1);
    for (int w = 0; w < 4; w++) {
      long at = g * 64 + w * 16 + part, left = ${count}L - at;
      if (left >= VL) store_${suffix}(${out} + at, ${value});
      else if (left > 0) store_${suffix}n(${out} + at, ${value}, left);
    }
  }
}
}`;
  return { body, actual: pointers.actual() };
}

/** C of a scatter: rows of the target are shared between workers, each row's updates are taken in their order. */
export function renderScatter(kernel: ScatterKernel): RenderedKernel {
  const { indices, updates, target, base, replaces, count, width, rows } = kernel;
  const pointers = new Pointers();
  const [at, from, to] = [indices, updates, target].map((access) => pointers.name(access)) as [string, string, string];
  const old = typeof base === "object" ? pointers.name(base) : "";
  const own = `(last - first) * ${width}L * sizeof(*${to})`;
  const begun = {
    zeros: `memset(${to} + first * ${width}L, 0, ${own});`,
    target: "",
    copy: `memcpy(${to} + first * ${width}L, ${old} + first * ${width}L, ${own});`,
  };
  const body = `{
${pointers.declarations().join("\n")}
const long first = ${rows}L * worker / workers, last = ${rows}L * (worker + 1) / workers;
${begun[typeof base === "object" ? "copy" : base]}
for (long i = 0; i < ${count}L; i++) {
  const long row = ${at}[i];
  if (row < first || row >= last) continue;
  for (long j = 0; j < ${width}L; j++) ${to}[row * ${width}L + j] ${replaces ? "=" : "+="} ${from}[i * ${width}L + j];
}
}`;
  return { body, actual: pointers.actual() };
}
