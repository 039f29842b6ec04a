import { linearize } from "../../../codegen/index.ts";
import type { Access, Loop } from "../../../passes/index.ts";

/**
 * A copy of all that a product reads of an operand, in the places where it lies, each number rounded to bfloat16: in half words, of which
 * rows of pairs are read by pointers, or as float32, for products that gain nothing by pairs. What is read often (the windows of a
 * convolution overlap) is rounded but once.
 */
export class RoundedCopy {
  /** Words that the copy takes. */
  readonly words: number;
  private readonly low: number;
  private readonly count: number;
  private readonly type: string;

  /**
   * @param name of the copy, by the place of an element as `source` counts it
   * @param source C of where the operand's element of all-zero loops is
   * @param loops those that the operand is read over
   * @param length elements of its buffer
   */
  constructor(
    readonly name: string,
    private readonly source: string,
    { index }: Access,
    loops: readonly Loop[],
    length: number,
    private readonly halves: boolean,
  ) {
    const { constant, coefficients } = linearize(index) ?? { constant: 0, coefficients: new Map<number, number>() };
    const reaches = loops.map(({ id, size }) => (coefficients.get(id) ?? 0) * (size - 1));
    const sum = (of: readonly number[]) => of.reduce((total, each) => total + each, constant);
    // What guards forbid may lie outside of the buffer, which begins so many elements before the element of all-zero loops.
    const before = index.constant;
    this.low = Math.max(-before, sum(reaches.filter((reach) => reach < 0)));
    this.count = Math.min(length - before - 1, sum(reaches.filter((reach) => reach > 0))) - this.low + 1;
    this.words = halves ? Math.ceil(this.count / 2) : this.count;
    this.type = halves ? "uint16_t" : "float";
  }

  /** Declares the copy, which begins at word `at` of the shared memory. */
  declaration(at: number): string {
    const { low, name, type } = this;
    return `${type}* const ${name} = (${type}*)(shared + ${at}) - (${low}L);`;
  }

  /** Every worker copies its share, in whole vectors but for the last. */
  copy(): string {
    const { low, count, source, name, halves } = this;
    const at = (step: string) => `load_f(${source} + ${step})`;
    const vectors = halves
      ? `store_f((float*)(${name} + from), pair_steps(${at("from")}, ${at("from + VL")}));`
      : `store_f(${name} + from, bf16_vf(${at("from")})); store_f(${name} + from + VL, bf16_vf(${at("from + VL")}));`;
    const one = `bf16_f(${source}[i])`;
    return `{
const long blocks = (${count}L + 2 * VL - 1) / (2 * VL);
for (long block = blocks * worker / workers; block < blocks * (worker + 1) / workers; block++) {
const long from = ${low} + block * 2 * VL, to = ${low + count};
if (from + 2 * VL <= to) { ${vectors} }
else for (long i = from; i < to; i++) ${name}[i] = ${halves ? `(uint16_t)((bits32){.f = ${one}}.u >> 16)` : one};
}
}`;
  }
}
