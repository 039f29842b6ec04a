import type { TimeSlot } from "../../../engine/index.ts";

/** C of the clock that profiled programs read: milliseconds of the system's monotonic clock, some 25 ns a call. */
const CLOCK = `#include <time.h>
double descent_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec * 1e-6;
}`;

/** Lets the calls of a program's kernels note when they begin and end, in the slots of a TimeTable; or leaves them as they are. */
export class Stopwatch {
  readonly slots: TimeSlot[] = [];

  constructor(private readonly running: boolean) {}

  /** C before the program's function. */
  get definitions(): string[] {
    return this.running ? [CLOCK] : [];
  }

  /** C at the head of the program's function; the table lies in `buffer`. */
  head(buffer: number, rowBytes: number): string[] {
    if (!this.running) return [];
    return [
      `double* const times = (double*)(p[${buffer}] + worker * ${rowBytes}L);`,
      "const double start = descent_clock();",
    ];
  }

  /** A call of a phase of kernel number `kernel`, in a loop if it is repeated. */
  around(kernel: number, call: string, repeated: boolean): string {
    if (!this.running) return call;
    const at = 2 * (this.slots.push({ kernel, repeated }) - 1);
    if (!repeated) return `times[${at}] = descent_clock(); ${call} times[${at + 1}] = descent_clock();`;
    const [began, begin] = [`times[${at}]`, `begin_${at}`];
    return `const double ${begin} = descent_clock(); ${call} if (!(${began} > start)) ${began} = ${begin}, times[${at + 1}] = 0;
times[${at + 1}] += descent_clock() - ${begin};`;
  }
}
