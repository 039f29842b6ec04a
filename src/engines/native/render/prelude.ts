/** Types and helpers that all generated C shares. `VB` is the vector's width in bytes: the one thing that differs between machines. */
export function prelude(vectorBytes: number): string {
  return `#include <stdint.h>
#include <string.h>
#define VB ${vectorBytes}
#define VL (VB / 4)
#define INLINE static inline __attribute__((always_inline))
typedef float vf __attribute__((vector_size(VB)));
typedef int32_t vi __attribute__((vector_size(VB)));
typedef uint32_t vu __attribute__((vector_size(VB)));
typedef uint8_t vb __attribute__((vector_size(VL)));
/* The same vectors as they lie in memory: aligned to elements only. */
typedef float mf __attribute__((vector_size(VB), aligned(4), may_alias));
typedef int32_t mi __attribute__((vector_size(VB), aligned(4), may_alias));
typedef uint32_t mu __attribute__((vector_size(VB), aligned(4), may_alias));
typedef uint8_t mb __attribute__((vector_size(VL), aligned(1), may_alias));
typedef union { float f; int32_t i; uint32_t u; } bits32;
/* A vector and its lanes one by one. Lanes are never written as v[l] in a loop: gcc 12's vectorizer gets that wrong. */
#define LANES(T, S) typedef union { v##S v; T e[VL]; } lanes_##S;

/*
 * Work that many threads share. Each begins with a share of its own, in the same place every time, and then helps those who are not done:
 * threads are not equally fast, and never undisturbed. A share is taken in pieces: the lowest byte of a worker's word counts those that are
 * gone, if the rest of it is this call's number. Without words everybody does its own share.
 */
enum { PIECES = 64, WORD_STRIDE = 8 };
typedef struct { uint64_t* words; uint64_t number; } claims;
typedef struct { long total, worker, workers, helped, from, to; claims of; } work_range;

/* The next range of units to do; 0 when none is left. */
static __attribute__((noinline, unused)) int next_shared_range(work_range* r) {
  for (; r->helped < r->workers; r->helped++) {
    const long whose = (r->worker + r->helped) % r->workers;
    const long first = r->total * whose / r->workers, count = r->total * (whose + 1) / r->workers - first;
    if (!r->of.words) {
      r->helped = r->workers, r->from = first, r->to = first + count;
      return count > 0;
    }
    const long pieces = count < PIECES ? count : PIECES;
    uint64_t* const word = r->of.words + whose * WORD_STRIDE;
    uint64_t seen = __atomic_load_n(word, __ATOMIC_RELAXED);
    for (;;) {
      const long piece = seen >> 8 == r->of.number ? (long)(seen & 255) : 0;
      if (piece == pieces) break;
      const uint64_t next = r->of.number << 8 | (uint64_t)(piece + 1);
      if (!__atomic_compare_exchange_n(word, &seen, next, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) continue;
      r->from = first + count * piece / pieces, r->to = first + count * (piece + 1) / pieces;
      return 1;
    }
  }
  return 0;
}

/* Who works alone does all at once and divides nothing: in small programs that would be a tenth of the time. */
static inline __attribute__((unused)) int first_range(work_range* r) {
  if (r->workers != 1) return next_shared_range(r);
  r->from = 0, r->to = r->total;
  return 1;
}
static inline __attribute__((unused)) int next_range(work_range* r) { return r->workers != 1 && next_shared_range(r); }
#define EACH_RANGE(r) for (int more = first_range(&r); more; more = next_range(&r))

INLINE vf splat_f(float x) { return x - (vf){0}; }
INLINE vi splat_i(int32_t x) { return x - (vi){0}; }
INLINE vu splat_u(uint32_t x) { return x - (vu){0}; }
LANES(float, f) LANES(int32_t, i) LANES(uint32_t, u)
INLINE vi lanes(void) { lanes_i a; for (int l = 0; l < VL; l++) a.e[l] = l; return a.v; }

/* Full loads and stores. bool lies in memory as 0 or 1, and is all bits or none in a lane. */
INLINE vf load_f(const float* p) { return *(const mf*)p; }
INLINE vi load_i(const int32_t* p) { return *(const mi*)p; }
INLINE vu load_u(const uint32_t* p) { return *(const mu*)p; }
INLINE vu load_b(const uint8_t* p) { return __builtin_convertvector(*(const mb*)p, vu); }
INLINE vi load_m(const uint8_t* p) { return (vi)(load_b(p) != 0); }
INLINE void store_f(float* p, vf v) { *(mf*)p = v; }
INLINE void store_i(int32_t* p, vi v) { *(mi*)p = v; }
INLINE void store_u(uint32_t* p, vu v) { *(mu*)p = v; }
INLINE void store_b(uint8_t* p, vu v) { *(mb*)p = __builtin_convertvector(v, vb); }
INLINE void store_m(uint8_t* p, vi v) { store_b(p, (vu)v & 1); }

/* The first n lanes only; the others read 0. */
INLINE vf load_fn(const float* p, long n) { lanes_f a = {.v = {0}}; for (long l = 0; l < n; l++) a.e[l] = p[l]; return a.v; }
INLINE vi load_in(const int32_t* p, long n) { lanes_i a = {.v = {0}}; for (long l = 0; l < n; l++) a.e[l] = p[l]; return a.v; }
INLINE vu load_un(const uint32_t* p, long n) { lanes_u a = {.v = {0}}; for (long l = 0; l < n; l++) a.e[l] = p[l]; return a.v; }
INLINE vu load_bn(const uint8_t* p, long n) { lanes_u a = {.v = {0}}; for (long l = 0; l < n; l++) a.e[l] = p[l]; return a.v; }
INLINE vi load_mn(const uint8_t* p, long n) { return (vi)(load_bn(p, n) != 0); }
INLINE void store_fn(float* p, vf v, long n) { lanes_f a = {.v = v}; for (long l = 0; l < n; l++) p[l] = a.e[l]; }
INLINE void store_in(int32_t* p, vi v, long n) { lanes_i a = {.v = v}; for (long l = 0; l < n; l++) p[l] = a.e[l]; }
INLINE void store_un(uint32_t* p, vu v, long n) { lanes_u a = {.v = v}; for (long l = 0; l < n; l++) p[l] = a.e[l]; }
INLINE void store_bn(uint8_t* p, vu v, long n) { lanes_u a = {.v = v}; for (long l = 0; l < n; l++) p[l] = (uint8_t)a.e[l]; }
INLINE void store_mn(uint8_t* p, vi v, long n) { lanes_i a = {.v = v}; for (long l = 0; l < n; l++) p[l] = (uint8_t)(a.e[l] & 1); }

INLINE vf choose_vf(vi m, vf a, vf b) { return (vf)((m & (vi)a) | (~m & (vi)b)); }
INLINE vi choose_vi(vi m, vi a, vi b) { return (m & a) | (~m & b); }
INLINE vu choose_vu(vi m, vu a, vu b) { return ((vu)m & a) | (~(vu)m & b); }
INLINE vf sqrt_vf(vf x) { lanes_f a = {.v = x}; for (int l = 0; l < VL; l++) a.e[l] = __builtin_sqrtf(a.e[l]); return a.v; }
INLINE vf floor_vf(vf x) { lanes_f a = {.v = x}; for (int l = 0; l < VL; l++) a.e[l] = __builtin_floorf(a.e[l]); return a.v; }
INLINE vf ceil_vf(vf x) { lanes_f a = {.v = x}; for (int l = 0; l < VL; l++) a.e[l] = __builtin_ceilf(a.e[l]); return a.v; }
INLINE vf nearest_vf(vf x) { lanes_f a = {.v = x}; for (int l = 0; l < VL; l++) a.e[l] = __builtin_rintf(a.e[l]); return a.v; }
INLINE float abs_f(float x) { return __builtin_fabsf(x); }
INLINE int32_t abs_i(int32_t x) { return x < 0 ? (int32_t)(0u - (uint32_t)x) : x; }
INLINE vf abs_vf(vf x) { return (vf)((vi)x & 0x7fffffff); }
INLINE vi abs_vi(vi x) { vi s = x >> 31; return (x ^ s) - s; }

/* Conversions from float truncate; out of range saturates, NaN gives 0. */
INLINE int32_t f_to_i(float x) { return x >= 2147483648.0f ? INT32_MAX : x > -2147483648.0f ? (int32_t)x : x == x ? INT32_MIN : 0; }
INLINE uint32_t f_to_u(float x) { return x >= 4294967296.0f ? UINT32_MAX : x > 0.0f ? (uint32_t)x : 0; }
INLINE vi f_to_vi(vf x) {
  vi inside = (x > -2147483648.0f) & (x < 2147483648.0f);
  vi whole = __builtin_convertvector(choose_vf(inside, x, (vf){0}), vi);
  vi edge = choose_vi(x >= 2147483648.0f, splat_i(INT32_MAX), choose_vi(x == x, splat_i(INT32_MIN), (vi){0}));
  return choose_vi(inside, whole, edge);
}
INLINE vu f_to_vu(vf x) { lanes_f a = {.v = x}; lanes_u r; for (int l = 0; l < VL; l++) r.e[l] = f_to_u(a.e[l]); return r.v; }

/* Integer division: by 0 it gives 0; the remainder has the dividend's sign. */
INLINE int32_t div_i(int32_t a, int32_t b) { return b == 0 ? 0 : b == -1 ? (int32_t)(0u - (uint32_t)a) : a / b; }
INLINE int32_t rem_i(int32_t a, int32_t b) { return b == 0 || b == -1 ? 0 : a % b; }
INLINE uint32_t div_u(uint32_t a, uint32_t b) { return b == 0 ? 0 : a / b; }
INLINE uint32_t rem_u(uint32_t a, uint32_t b) { return b == 0 ? 0 : a % b; }
INLINE float rem_f(float a, float b) { return __builtin_fmodf(a, b); }
INLINE vi div_vi(vi a, vi b) { lanes_i x = {.v = a}, y = {.v = b}; for (int l = 0; l < VL; l++) x.e[l] = div_i(x.e[l], y.e[l]); return x.v; }
INLINE vi rem_vi(vi a, vi b) { lanes_i x = {.v = a}, y = {.v = b}; for (int l = 0; l < VL; l++) x.e[l] = rem_i(x.e[l], y.e[l]); return x.v; }
INLINE vu div_vu(vu a, vu b) { lanes_u x = {.v = a}, y = {.v = b}; for (int l = 0; l < VL; l++) x.e[l] = div_u(x.e[l], y.e[l]); return x.v; }
INLINE vu rem_vu(vu a, vu b) { lanes_u x = {.v = a}, y = {.v = b}; for (int l = 0; l < VL; l++) x.e[l] = rem_u(x.e[l], y.e[l]); return x.v; }
INLINE vf rem_vf(vf a, vf b) { lanes_f x = {.v = a}, y = {.v = b}; for (int l = 0; l < VL; l++) x.e[l] = rem_f(x.e[l], y.e[l]); return x.v; }
`;
}
