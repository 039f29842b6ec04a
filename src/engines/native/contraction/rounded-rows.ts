import type { View } from "../../../codegen/index.ts";
import type { Loop } from "../../../passes/index.ts";

/**
 * A copy of all that a product reads of A, in the places where it lies, each number rounded to bfloat16: two in a word. Rows of pairs are
 * read from it by pointers, so that what is read often (the windows of a convolution overlap) is rounded but once.
 */
export class RoundedRows {
  /** Words that the copy takes, with room for whole vectors. */
  readonly words: number;
  private readonly low: number;
  private readonly count: number;

  /**
   * @param loops those that A is read over
   * @param length elements of its buffer
   * @param source C of where the element of all-zero loops is
   */
  constructor(
    { access, linear: { constant, coefficients } }: View,
    loops: readonly Loop[],
    length: number,
    private readonly source: string,
  ) {
    const reaches = loops.map(({ id, size }) => (coefficients.get(id) ?? 0) * (size - 1));
    const sum = (of: readonly number[]) => of.reduce((total, each) => total + each, constant);
    // What guards forbid may lie outside of the buffer, which begins so many elements before the element of all-zero loops.
    const before = access.index.constant;
    this.low = Math.max(-before, sum(reaches.filter((reach) => reach < 0)));
    this.count = Math.min(length - before - 1, sum(reaches.filter((reach) => reach > 0))) - this.low + 1;
    this.words = Math.ceil(this.count / 2);
  }

  /** Declares `halves`, by the place of an element as A counts it, where the copy begins at word `at` of the shared memory. */
  declaration(at: number): string {
    const { low } = this;
    return `uint16_t* const halves = (uint16_t*)(shared + ${at}) - (${low}L);`;
  }

  /** Every worker copies its share, in whole vectors but for the last. */
  copy(): string {
    const { low, count, source } = this;
    return `{
const long blocks = (${count}L + 2 * VL - 1) / (2 * VL);
for (long block = blocks * worker / workers; block < blocks * (worker + 1) / workers; block++) {
const long from = ${low} + block * 2 * VL, to = ${low + count};
if (from + 2 * VL <= to) store_f((float*)(halves + from), pair_steps(load_f(${source} + from), load_f(${source} + from + VL)));
else for (long i = from; i < to; i++) halves[i] = (uint16_t)((bits32){.f = bf16_f(${source}[i])}.u >> 16);
}
}`;
  }
}
