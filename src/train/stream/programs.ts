import type { BatchProgram } from "../batch-program.ts";

/** Programs for batches of every size, compiled when the first one is seen, while others are computed. */
export class ProgramsBySize {
  private readonly known = new Map<number, BatchProgram | Promise<BatchProgram>>();

  constructor(private readonly compile: (size: number) => Promise<BatchProgram>) {}

  /** The program for a batch of so many samples; a promise until it is compiled. Its error is for who waits for it. */
  of(size: number): BatchProgram | Promise<BatchProgram> {
    const known = this.known.get(size);
    if (known) return known;
    const coming = this.compile(size);
    this.known.set(size, coming);
    coming.then(
      (program) => this.known.set(size, program),
      () => this.known.delete(size),
    );
    return coming;
  }
}
