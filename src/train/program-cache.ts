import type { BatchLayout, BatchProgram } from "./batch-program.ts";

/** Programs kept; the one used longest ago goes first. Each holds the memory of its intermediates. */
const most = 16;

/** Compiled programs by what they do and for which shapes, so that each is made once. */
export class ProgramCache {
  private readonly programs = new Map<string, Promise<BatchProgram>>();
  private readonly functions = new WeakMap<object, number>();
  private functionCount = 0;

  /**
   * @param traced functions that take part in the program (the augmentation): another function is another program.
   */
  get(
    purpose: string,
    layout: BatchLayout,
    size: number,
    traced: object | undefined,
    make: () => Promise<BatchProgram>,
  ): Promise<BatchProgram> {
    const key = JSON.stringify([purpose, size, layout, this.numberOf(traced)]);
    const known = this.programs.get(key);
    this.programs.delete(key); // and back to the end: it was used last
    const program = known ?? make();
    this.programs.set(key, program);
    if (!known) {
      program.catch(() => this.programs.delete(key));
      const [oldest] = this.programs.keys();
      if (this.programs.size > most && oldest !== undefined) this.programs.delete(oldest);
    }
    return program;
  }

  private numberOf(traced: object | undefined): number {
    if (traced === undefined) return 0;
    const number = this.functions.get(traced) ?? ++this.functionCount;
    this.functions.set(traced, number);
    return number;
  }
}
