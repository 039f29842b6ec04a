// What this machine can do: float32 multiply-adds per second out of registers, and bytes per second out of memory.
// usage: peak THREADS -> one JSON line {"gflops": ..., "gbytes": ...}, the best of several rounds.
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

enum { MOST_THREADS = 256, ROUNDS = 7 };
static const long FMA_STEPS = 8L * 1000 * 1000;
static const size_t FLOATS = 32u * 1024 * 1024; // 128 MiB per array: far beyond any cache

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

typedef struct {
  pthread_barrier_t *barrier;
  float *to;
  const float *from;
  size_t length;
  double flops, bytes; // per second, best round of this thread's view
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

static void scale(float *restrict to, const float *restrict from, size_t length, float factor) {
  for (size_t i = 0; i < length; i++) to[i] = factor * from[i];
}

static void *work(void *argument) {
  Job *job = argument;
  for (int round = 0; round < ROUNDS; round++) {
    pthread_barrier_wait(job->barrier);
    double start = now();
    job->sink += multiply_add(1 + round);
    pthread_barrier_wait(job->barrier);
    double seconds = now() - start;
    double rate = 2.0 * CHAINS * LANES * FMA_STEPS / seconds;
    if (rate > job->flops) job->flops = rate;
  }
  for (int round = 0; round < ROUNDS; round++) {
    pthread_barrier_wait(job->barrier);
    double start = now();
    scale(job->to, job->from, job->length, 1.0f + round);
    pthread_barrier_wait(job->barrier);
    double seconds = now() - start;
    double rate = 8.0 * job->length / seconds; // 4 bytes read, 4 written
    if (rate > job->bytes) job->bytes = rate;
  }
  return NULL;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  if (threads < 1 || threads > MOST_THREADS) return 2;
  float *to = malloc(FLOATS * 4), *from = malloc(FLOATS * 4);
  if (!to || !from) return 3;
  memset(to, 0, FLOATS * 4);
  memset(from, 0, FLOATS * 4);
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, threads);
  pthread_t handles[MOST_THREADS];
  Job jobs[MOST_THREADS];
  size_t share = FLOATS / threads;
  for (int i = 0; i < threads; i++) {
    jobs[i] = (Job){&barrier, to + i * share, from + i * share, share, 0, 0, 0};
    pthread_create(&handles[i], NULL, work, &jobs[i]);
  }
  double flops = 0, bytes = 0;
  float sink = 0;
  for (int i = 0; i < threads; i++) {
    pthread_join(handles[i], NULL);
    flops += jobs[i].flops;
    bytes += jobs[i].bytes;
    sink += jobs[i].sink;
  }
  fprintf(stderr, "%g\n", sink + to[FLOATS - 1]);
  printf("{\"gflops\": %.1f, \"gbytes\": %.1f}\n", flops * 1e-9, bytes * 1e-9);
  return 0;
}
