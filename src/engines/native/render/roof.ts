import { prelude } from "./prelude.ts";
import type { VectorBytes } from "./program.ts";

/**
 * C that measures what all threads can do at best: multiply-adds in registers, and a copy over a given memory. Buffers: results (16
 * doubles a worker: operations and bytes a second), memory, and its number of floats. Best of several rounds of some milliseconds;
 * workers begin a round together.
 */
export function roofSource(vectorBytes: VectorBytes): string {
  return `${prelude(vectorBytes)}
#include <time.h>
enum { CHAINS = 12, ROUNDS = 7 };

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

/* Chains enough to hide the latency of a multiply-add, few enough for 16 registers. Values stay near 1. */
static __attribute__((noinline)) float multiply_add(long steps, float seed) {
  vf a[CHAINS];
  const vf b = splat_f(1 - 1e-7f * seed), c = splat_f(1e-7f * seed);
  for (int k = 0; k < CHAINS; k++) a[k] = splat_f(seed + k);
  for (long step = 0; step < steps; step++) {
#pragma GCC unroll 12
    for (int k = 0; k < CHAINS; k++) a[k] = a[k] * b + c;
  }
  vf sum = splat_f(0);
  for (int k = 0; k < CHAINS; k++) sum += a[k];
  return sum[0];
}

static __attribute__((noinline)) void scale(float* to, const float* from, long count, float factor) {
  for (long i = 0; i + VL <= count; i += VL) store_f(to + i, load_f(from + i) * factor);
}

void descent_program(void** buffers, int worker, int workers, void* pool, void (*barrier)(void*, int)) {
  double* const best = (double*)buffers[0] + 16 * worker;
  /* Half of a worker's part is read, half is written. */
  const long half = (long)*(const uint32_t*)buffers[2] / workers / 2 / 16 * 16;
  float* const from = (float*)buffers[1] + 2 * half * worker;
  const long steps = 400000, passes = 1 + 400000 / (half + 1);
  for (int round = 0; round < ROUNDS; round++) {
    barrier(pool, worker);
    double start = seconds();
    best[2] += multiply_add(steps, 1 + round);
    double rate = 2.0 * CHAINS * VL * steps / (seconds() - start);
    if (rate > best[0]) best[0] = rate;
  }
  for (int round = 0; round < ROUNDS; round++) {
    barrier(pool, worker);
    double start = seconds();
    for (long pass = 0; pass < passes; pass++) scale(from + half, from, half, 1 + round);
    double rate = 8.0 * half * passes / (seconds() - start);
    if (rate > best[1]) best[1] = rate;
  }
}
`;
}
