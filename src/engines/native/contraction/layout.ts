import { type BlockedPlan, Layout } from "../../../codegen/index.ts";

/** A layout, and the C that counts its panels and blocks. Panels have a word for each step of the depth, or for each pair of steps. */
export class LayoutText extends Layout {
  /** Words of a panel per segment, in all, and in the deepest block. */
  readonly runWords: number;
  readonly deepWords: number;
  readonly deepestWords: number;
  /** C of the words that a segment of the current range takes. */
  readonly words: string;

  constructor(
    plan: BlockedPlan,
    readonly pairs: boolean,
  ) {
    super(plan);
    const words = (steps: number) => (pairs ? Math.ceil(steps / 2) : steps);
    this.runWords = words(this.run);
    this.deepWords = this.segments * this.runWords;
    this.deepestWords = this.bySegments ? (this.deepest / this.run) * this.runWords : words(this.deepest);
    this.words = pairs ? "((kn + 1) / 2)" : "kn";
  }

  /** Declares group, first (row within the group) and h of row panel p. */
  panelText(): string {
    const { groups, perGroup, size, large, length } = this.plan.rowPanels;
    const split =
      groups > 1 ? `const long group = p / ${perGroup}, at = p % ${perGroup};` : "const long group = 0, at = p;";
    if (large === perGroup) return `${split} const long first = at * ${size}, h = ${size};`;
    if (large === undefined) {
      const rest = `${length} - first`;
      return `${split} const long first = at * ${size}, h = ${rest} < ${size} ? ${rest} : ${size};`;
    }
    const first = `at * ${size - 1} + (at < ${large} ? at : ${large})`;
    return `${split} const long first = ${first}, h = at < ${large} ? ${size} : ${size - 1};`;
  }

  /** Declares n0, n (columns) and width (floats) of column panel c. */
  columnText(): string {
    const { width, count, lastWidth } = this.plan.columnPanels;
    const { columns } = this.plan;
    if (count === 1) return `const long n0 = 0, n = ${columns}, width = ${lastWidth};`;
    const last = `c == ${count - 1}`;
    const rest = columns - (count - 1) * width;
    return `const long n0 = c * ${width}, n = ${last} ? ${rest} : ${width}, width = ${last} ? ${lastWidth} : ${width};`;
  }

  /** Declares the range of the depth in block number `block` of part number `part`: segments s0 .. s1, steps k0 .. k0 + kn of the run. */
  rangeText(): string {
    const { parts, block } = this.plan;
    const units = this.bySegments ? this.segments : this.run;
    if (parts === 1 && this.blocks === 1) return `const long s0 = 0, s1 = ${this.segments}, k0 = 0, kn = ${this.run};`;
    const start = parts === 1 ? "0" : `${units}L * part / ${parts}`;
    const limit = parts === 1 ? `${units}` : `${units}L * (part + 1) / ${parts}`;
    return `const long u0 = ${start} + block * ${block}, limit = ${limit};
const long u1 = u0 + ${block} < limit ? u0 + ${block} : limit;
${this.bySegments ? `const long s0 = u0, s1 = u1, k0 = 0, kn = ${this.run};` : "const long s0 = 0, s1 = 1, k0 = u0, kn = u1 - u0;"}`;
  }

  /** Words of a panel before the range; blocks of pairs begin at even steps. */
  readonly before = (): string => (this.pairs ? `(s0 * ${this.runWords}L + k0 / 2)` : `(s0 * ${this.run}L + k0)`);
}
