// What this machine can do: float32 multiply-adds per second out of registers, and bytes per second through arrays of given sizes.
// usage: peak THREADS BYTES... -> one JSON line {"gflops": ..., "gbytes": [...]}, the best of several rounds. Each array is cut
// among the threads, and every element of it is read, scaled and written back: a byte counts once each way.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
#define LANES (BYTES / 4)
#define CHAINS 10
typedef float vec __attribute__((vector_size(BYTES)));

enum { MOST_THREADS = 256, MOST_SIZES = 8, ROUNDS = 9 };
static const long FMA_STEPS = 4L * 1000 * 1000;
static volatile float one = 1; // what arrays are scaled by: neither infinities nor denormal numbers come of it
static const double SECONDS = 0.01; // of a round through an array in a cache

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

typedef struct {
  pthread_barrier_t *barrier;
  vec *array; // this thread's part of the largest array
  const size_t *vectors; // of each size, for one thread
  int sizes;
  double flops, bytes[MOST_SIZES]; // per second, best round of this thread's view
  float sink;
} Job;

static float multiply_add(float seed) {
  vec a[CHAINS], b, c;
  for (int i = 0; i < LANES; i++) b[i] = 1.0f - 1e-7f * seed, c[i] = 1e-7f * seed;
  for (int k = 0; k < CHAINS; k++)
    for (int i = 0; i < LANES; i++) a[k][i] = seed + k;
  for (long step = 0; step < FMA_STEPS; step++) {
#pragma GCC unroll 10
    for (int k = 0; k < CHAINS; k++) a[k] = a[k] * b + c;
  }
  float sum = 0;
  for (int k = 0; k < CHAINS; k++)
    for (int i = 0; i < LANES; i++) sum += a[k][i];
  return sum;
}

__attribute__((noinline)) static void scale(vec *array, size_t vectors, float factor) {
  vec by;
  for (int i = 0; i < LANES; i++) by[i] = factor;
#pragma GCC unroll 8
  for (size_t i = 0; i < vectors; i++) array[i] *= by;
}

static void *work(void *argument) {
  Job *job = argument;
  for (int round = 0; round < ROUNDS; round++) {
    pthread_barrier_wait(job->barrier);
    double start = now();
    job->sink += multiply_add(1 + round);
    pthread_barrier_wait(job->barrier);
    double rate = 2.0 * CHAINS * LANES * FMA_STEPS / (now() - start);
    if (rate > job->flops) job->flops = rate;
  }
  for (int size = 0; size < job->sizes; size++) {
    size_t vectors = job->vectors[size];
    long repeats = (long)(SECONDS * 1e11 / (2.0 * BYTES * vectors)) + 1; // some 100 GB/s
    if (vectors * BYTES > 1u << 26) repeats = 1;
    scale(job->array, vectors, one);
    for (int round = 0; round < ROUNDS; round++) {
      pthread_barrier_wait(job->barrier);
      double start = now();
      for (long i = 0; i < repeats; i++) scale(job->array, vectors, one);
      pthread_barrier_wait(job->barrier);
      double rate = 2.0 * BYTES * vectors * repeats / (now() - start);
      if (rate > job->bytes[size]) job->bytes[size] = rate;
    }
  }
  return NULL;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 0, sizes = argc - 2;
  if (threads < 1 || threads > MOST_THREADS || sizes < 0 || sizes > MOST_SIZES) return 2;
  size_t vectors[MOST_SIZES], most = 1;
  for (int i = 0; i < sizes; i++) {
    vectors[i] = (size_t)atoll(argv[2 + i]) / BYTES / threads;
    if (vectors[i] > most) most = vectors[i];
  }
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, threads);
  pthread_t handles[MOST_THREADS];
  static Job jobs[MOST_THREADS];
  for (int i = 0; i < threads; i++) {
    vec *array = aligned_alloc(4096, (most * BYTES + 4095) / 4096 * 4096);
    if (!array) return 3;
    memset(array, 0, most * BYTES);
    jobs[i] = (Job){.barrier = &barrier, .array = array, .vectors = vectors, .sizes = sizes};
    pthread_create(&handles[i], NULL, work, &jobs[i]);
  }
  double flops = 0, bytes[MOST_SIZES] = {0};
  float sink = 0;
  for (int i = 0; i < threads; i++) {
    pthread_join(handles[i], NULL);
    flops += jobs[i].flops;
    for (int size = 0; size < sizes; size++) bytes[size] += jobs[i].bytes[size];
    sink += jobs[i].sink + jobs[i].array[0][0];
  }
  fprintf(stderr, "%g\n", sink);
  printf("{\"gflops\": %.1f, \"gbytes\": [", flops * 1e-9);
  for (int size = 0; size < sizes; size++) printf("%s%.1f", size ? ", " : "", bytes[size] * 1e-9);
  printf("]}\n");
  return 0;
}
