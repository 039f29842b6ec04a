import { SERIES_SOURCE } from "./series-source.ts";

/** Calls of kernels between two barriers in which workers help each other: so many words has each of them in the pool. */
export const HELPED_CALLS = 8;

/**
 * The C that every compiled program runs on: a persistent pool of threads, a barrier, and the one call that JavaScript makes.
 * POSIX threads and C11 atomics only; the few lines that need Linux only make it faster.
 *
 * Waiting is the whole difficulty. Programs meet at barriers every few microseconds, so a thread first looks again and again
 * (200 us: what lies between two steps of a training), then sleeps. With more threads than cores it yields and sleeps at once, because
 * whoever it waits for needs its core.
 */
export const RUNTIME_SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

enum { LINE = 128, MAX_THREADS = 1024, STACK_BYTES = 1 << 20, SPIN_NS = 200000, YIELDS = 20 };
enum { HELPED_CALLS = ${HELPED_CALLS}, WORD_BYTES = 64 };

typedef void (*body_function)(void *program, int worker, int workers, void *pool);
typedef void (*barrier_function)(void *pool, int worker);
typedef void (*program_function)(void **buffers, int worker, int workers, void *pool, barrier_function barrier);

/* Threads wait at a gate until it has been opened once more than they have seen. */
typedef struct {
  _Alignas(LINE) _Atomic uint32_t openings;
  _Atomic uint32_t sleepers;
  pthread_mutex_t lock;
  pthread_cond_t opened;
} gate;

typedef struct pool {
  /* What programs read: a word of each worker for every call in which they help each other, and the number of the run. */
  uint64_t *words;
  uint64_t run;
  gate start;   /* opened by the caller: a run begins */
  gate meeting; /* opened by the last thread to arrive at a barrier */
  _Alignas(LINE) _Atomic uint32_t arrived;
  _Alignas(LINE) pthread_mutex_t one_run;
  body_function body;
  void *program;
  int workers;
  int stopping;
  int fits; /* every thread can have a core of its own */
  struct pool *next;
  pthread_t *threads;
  struct member { struct pool *pool; int worker; } *members;
  _Alignas(LINE) _Atomic int cpus[MAX_THREADS]; /* where each worker was last seen */
} pool;

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

static int64_t nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

#ifdef __linux__

static int usable_cores(void) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
  return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

static void note_cpu(pool *p, int worker) {
  int cpu = sched_getcpu();
  if (atomic_load_explicit(&p->cpus[worker], memory_order_relaxed) != cpu)
    atomic_store_explicit(&p->cpus[worker], cpu, memory_order_relaxed);
}

/*
 * Threads that wake each other tend to be put on one core and to stay there, taking turns, for seconds: twice as slow as on
 * two. So a worker that had to sleep looks whether it shares its core with another one of the pool, and moves away.
 */
static void leave_shared_cpu(pool *p, int worker) {
  note_cpu(p, worker);
  if (worker == 0 || !p->fits) return;
  int shared = 0;
  for (int i = 0; i < p->workers; i++) shared |= i != worker && p->cpus[i] == p->cpus[worker];
  cpu_set_t allowed, vacant;
  if (!shared || sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  vacant = allowed;
  for (int i = 0; i < p->workers; i++)
    if (p->cpus[i] >= 0 && p->cpus[i] < CPU_SETSIZE) CPU_CLR(p->cpus[i], &vacant);
  if (CPU_COUNT(&vacant) == 0) return;
  sched_setaffinity(0, sizeof vacant, &vacant);
  sched_setaffinity(0, sizeof allowed, &allowed);
  note_cpu(p, worker);
}

#else

static int usable_cores(void) { return (int)sysconf(_SC_NPROCESSORS_ONLN); }
static void note_cpu(pool *p, int worker) { (void)p, (void)worker; }
static void leave_shared_cpu(pool *p, int worker) { (void)p, (void)worker; }

#endif

static void gate_open(gate *g) {
  atomic_fetch_add(&g->openings, 1);
  if (atomic_load(&g->sleepers) == 0) return;
  pthread_mutex_lock(&g->lock);
  pthread_cond_broadcast(&g->opened);
  pthread_mutex_unlock(&g->lock);
}

static int is_open(gate *g, uint32_t seen) {
  return atomic_load_explicit(&g->openings, memory_order_acquire) != seen;
}

static void gate_wait(gate *g, uint32_t seen, pool *p, int worker) {
  int64_t until = p->fits ? 0 : INT64_MIN;
  for (;;) {
    for (int i = 0; i < 64; i++) {
      if (is_open(g, seen)) return;
      relax();
    }
    if (until == INT64_MIN) break;
    int64_t now = nanoseconds();
    if (until == 0) until = now + SPIN_NS;
    if (now >= until) break;
  }
  for (int i = 0; i < YIELDS && !p->fits; i++) {
    if (is_open(g, seen)) return;
    sched_yield();
  }
  pthread_mutex_lock(&g->lock);
  atomic_fetch_add(&g->sleepers, 1);
  while (atomic_load(&g->openings) == seen) pthread_cond_wait(&g->opened, &g->lock);
  atomic_fetch_sub(&g->sleepers, 1);
  pthread_mutex_unlock(&g->lock);
  leave_shared_cpu(p, worker);
}

/* True for the last thread, which opens the gate for the others. */
static int arrive(pool *p) {
  if (atomic_fetch_add(&p->arrived, 1) != (uint32_t)p->workers - 1) return 0;
  atomic_store_explicit(&p->arrived, 0, memory_order_relaxed);
  gate_open(&p->meeting);
  return 1;
}

/* Returns when all workers of the run have called it; what they wrote before is then visible to all. */
void descent_barrier(void *pool_pointer, int worker) {
  pool *p = pool_pointer;
  if (p == NULL || p->workers == 1) return;
  uint32_t seen = atomic_load_explicit(&p->meeting.openings, memory_order_relaxed);
  if (!arrive(p)) gate_wait(&p->meeting, seen, p, worker);
}

static void *work(void *argument) {
  struct member *member = argument;
  pool *p = member->pool;
  for (uint32_t runs = 0;; runs++) {
    gate_wait(&p->start, runs, p, member->worker);
    if (p->stopping) return NULL;
    note_cpu(p, member->worker);
    p->body(p->program, member->worker, p->workers, p);
    arrive(p); /* without waiting: only the caller needs to know that all are done */
  }
}

/* Runs body on all workers, the caller being worker 0, and returns when all are done. One run at a time; not from a body. */
void descent_pool_run(void *pool_pointer, body_function body, void *program) {
  pool *p = pool_pointer;
  pthread_mutex_lock(&p->one_run);
  p->run++;
  if (p->workers == 1) {
    body(program, 0, 1, p);
  } else {
    p->body = body;
    p->program = program;
    note_cpu(p, 0);
    gate_open(&p->start);
    body(program, 0, p->workers, p);
    descent_barrier(p, 0);
  }
  pthread_mutex_unlock(&p->one_run);
}

static void gate_init(gate *g) {
  pthread_mutex_init(&g->lock, NULL);
  pthread_cond_init(&g->opened, NULL);
}

/* Waits for the workers to end; the pool must be idle. */
void descent_pool_destroy(void *pool_pointer) {
  pool *p = pool_pointer;
  p->stopping = 1;
  gate_open(&p->start);
  for (int i = 1; i < p->workers; i++) pthread_join(p->threads[i], NULL);
  free(p->threads);
  free(p->members);
  free(p->words);
  free(p);
}

/* Workers run this library's code as long as the process lives, so it must never be unloaded. */
static void stay_loaded(void) {
  Dl_info info;
  if (dladdr((void *)stay_loaded, &info)) dlopen(info.dli_fname, RTLD_NOW | RTLD_NODELETE);
}

/* NULL when the system has no memory or no threads left. */
void *descent_pool_create(int workers) {
  if (workers < 1 || workers > MAX_THREADS) return NULL;
  stay_loaded();
  pool *p = NULL;
  if (posix_memalign((void **)&p, LINE, sizeof(pool)) != 0) return NULL;
  *p = (pool){.workers = workers, .fits = workers <= usable_cores()};
  p->threads = calloc(workers, sizeof *p->threads);
  p->members = calloc(workers, sizeof *p->members);
  const size_t words = (size_t)HELPED_CALLS * workers * WORD_BYTES;
  if (posix_memalign((void **)&p->words, LINE, words) != 0) p->words = NULL;
  else memset(p->words, 0, words);
  gate_init(&p->start);
  gate_init(&p->meeting);
  pthread_mutex_init(&p->one_run, NULL);
  for (int i = 0; i < MAX_THREADS; i++) p->cpus[i] = -1;

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  sigset_t all, before; /* signals are for Node's own threads */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int made = 1;
  for (; made < workers && p->threads != NULL && p->members != NULL; made++) {
    p->members[made] = (struct member){p, made};
    if (pthread_create(&p->threads[made], &attributes, work, &p->members[made]) != 0) break;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (made == workers) return p;
  p->workers = made;
  descent_pool_destroy(p);
  return NULL;
}

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static pool *shared_pools;

/* The process's pool of that many workers, for all its JavaScript threads; it is never destroyed. */
void *descent_pool_shared(int workers) {
  pthread_mutex_lock(&shared_lock);
  pool *p = shared_pools;
  while (p != NULL && p->workers != workers) p = p->next;
  if (p == NULL && (p = descent_pool_create(workers)) != NULL) {
    p->next = shared_pools;
    shared_pools = p;
  }
  pthread_mutex_unlock(&shared_lock);
  return p;
}

struct program { program_function function; void **buffers; };

static void run_program(void *program, int worker, int workers, void *pool) {
  struct program *p = program;
  p->function(p->buffers, worker, workers, pool, descent_barrier);
}

void descent_pool_run_program(void *pool, void *function, void **buffers) {
  struct program program = {(program_function)function, buffers};
  descent_pool_run(pool, run_program, &program);
}

/* What JavaScript keeps for a program bound to memory. Without a pool the caller runs it alone, at the price of a call. */
struct bound_program { program_function function; void *pool; void *buffers[]; };

void descent_call(struct bound_program *b) {
  if (b->pool == NULL) b->function(b->buffers, 0, 1, NULL, descent_barrier);
  else descent_pool_run_program(b->pool, (void *)b->function, b->buffers);
}
${SERIES_SOURCE}
/* Asks for large pages below a large array: fewer address translations to look up. Only advice. */
void descent_advise(void *start, uint64_t bytes) {
#ifdef __linux__
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t from = ((uintptr_t)start + page - 1) & ~(page - 1), to = ((uintptr_t)start + bytes) & ~(page - 1);
  if (to > from) madvise((void *)from, to - from, MADV_HUGEPAGE);
#else
  (void)start, (void)bytes;
#endif
}
`;
