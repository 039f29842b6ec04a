/** C programs, written by hand, that the tests of the runtime run. */

import { prelude } from "../../src/engines/native/render/prelude.ts";

const HEAD = `
#include <stdatomic.h>
#include <stdint.h>
#define PROGRAM void descent_program(void **buffers, int worker, int workers, void *pool, void (*barrier)(void *, int))
`;

/** int32 buffers: [0] one count per worker, 16 apart; [1] receives the number of workers. */
export const COUNT = `${HEAD}
PROGRAM {
  ((int *)buffers[0])[worker * 16]++;
  if (worker == 0) ((int *)buffers[1])[0] = workers;
}`;

/**
 * Many short steps with a barrier after each, where every worker reads what all the others wrote in the step before.
 * int32 buffers: [0] two rows of cells, one cell per worker, 16 apart; [1] number of steps; [2] one count of errors per worker.
 */
export const STEPS = `${HEAD}
PROGRAM {
  int *cells = buffers[0], steps = ((int *)buffers[1])[0], *errors = buffers[2];
  int *rows[2] = {cells, cells + 16 * workers};
  rows[0][16 * worker] = 0;
  barrier(pool, worker);
  for (int step = 1; step <= steps; step++) {
    int *from = rows[(step + 1) & 1], *to = rows[step & 1];
    for (int i = 0; i < workers; i++) errors[16 * worker] += from[16 * i] != step - 1;
    to[16 * worker] = step;
    barrier(pool, worker);
  }
}`;

/**
 * Calls of 1, 7 and 1000 units each, between barriers, that workers share and help each other with; worker 0 is slow. int32 buffers: [0] how
 * often each unit of each call was done, 1000 a call; [1] units of worker 0's share that others did.
 */
export const HELP = `${HEAD}${prelude(16)}
PROGRAM {
  uint64_t* const words = pool && workers > 1 ? *(uint64_t**)pool : 0;
  const uint64_t run = words ? ((uint64_t*)pool)[1] << 16 : 0;
  const long totals[] = {1, 7, 1000, 1000, 7, 1};
  for (int call = 0; call < 6; call++) {
    const claims of = {words ? words + call % 3 * workers * WORD_STRIDE : 0, run + call};
    work_range range = {totals[call], worker, workers, 0, 0, 0, of};
    EACH_RANGE(range) {
      if (worker == 0) for (volatile int i = 0; i < 3000; i++);
      for (long unit = range.from; unit < range.to; unit++) {
        atomic_fetch_add((_Atomic int*)buffers[0] + 1000 * call + unit, 1);
        if (worker > 0 && unit < totals[call] / workers) atomic_fetch_add((_Atomic int*)buffers[1], 1);
      }
    }
    if (call == 2) barrier(pool, worker);
  }
}`;

/** Sums in chunks that do not depend on the number of workers. float32: [0] 64 x 1000 values; [1] 64 partial sums; [2] the sum. */
export const SUM = `${HEAD}
PROGRAM {
  float *x = buffers[0], *partial = buffers[1];
  for (int chunk = worker; chunk < 64; chunk += workers) {
    float sum = 0;
    for (int i = 0; i < 1000; i++) sum += x[chunk * 1000 + i];
    partial[chunk] = sum;
  }
  barrier(pool, worker);
  if (worker != 0) return;
  float sum = 0;
  for (int chunk = 0; chunk < 64; chunk++) sum += partial[chunk];
  ((float *)buffers[2])[0] = sum;
}`;

/** Notices when two runs overlap. int32: [0] runs, [1] overlaps seen. Works for about 20 us. */
export const ALONE = `${HEAD}
static _Atomic int inside;
PROGRAM {
  if (worker == 0) {
    if (atomic_fetch_add(&inside, 1) != 0) ((int *)buffers[1])[0]++;
    ((int *)buffers[0])[0]++;
  }
  for (volatile int i = 0; i < 5000; i++);
  barrier(pool, worker);
  if (worker == 0) atomic_fetch_sub(&inside, 1);
}`;

/** Works for as many milliseconds as int32 buffer [0] says, with a barrier every time round; then sets [1][0] to 1. [1] has 2 places. */
export const WORK = `${HEAD}
#include <time.h>
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}
PROGRAM {
  _Atomic int *stop = (_Atomic int *)buffers[1] + 1;
  double end = now() + ((int *)buffers[0])[0];
  if (worker == 0) *stop = 0;
  barrier(pool, worker);
  for (;;) {
    for (volatile int i = 0; i < 2000; i++);
    if (worker == 0 && now() > end) *stop = 1;
    barrier(pool, worker);
    int done = *stop;
    barrier(pool, worker);
    if (done) break;
  }
  if (worker == 0) ((int *)buffers[1])[0] = 1;
}`;
