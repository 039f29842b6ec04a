/** C of the clock that profiled programs read: milliseconds of the system's monotonic clock, some 25 ns a call. */
const CLOCK = `#include <time.h>
double descent_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec * 1e-6;
}`;

/** Lets the calls of a program's kernels note when they begin and end, in the slots of a TimeTable; or leaves them as they are. */
export class Stopwatch {
  /** The kernel that each slot belongs to. */
  readonly slots: number[] = [];

  constructor(private readonly running: boolean) {}

  /** C before the program's function. */
  get definitions(): string[] {
    return this.running ? [CLOCK] : [];
  }

  /** C at the head of the program's function; the table lies in `buffer`. */
  head(buffer: number, rowBytes: number): string[] {
    return this.running ? [`double* const times = (double*)(p[${buffer}] + worker * ${rowBytes}L);`] : [];
  }

  /** A call of a phase of kernel number `kernel`. */
  around(kernel: number, call: string): string {
    if (!this.running) return call;
    const at = 2 * (this.slots.push(kernel) - 1);
    return `times[${at}] = descent_clock(); ${call} times[${at + 1}] = descent_clock();`;
  }
}
