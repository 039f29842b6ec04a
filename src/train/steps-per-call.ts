/** Milliseconds that a call may take: a stop, Ctrl-C and whoever wants to see the weights wait for it. */
const CALL_MS = 8;

/** How many more steps a call may have than the one before: what one call took says little about a much longer one. */
const GROWTH = 4;

/** How many steps the next call does: what fits into {@link CALL_MS}, or always the same number. */
export class StepsPerCall {
  private steps = 1;
  private begun = 0;

  constructor(private readonly fixed: number | undefined) {}

  /** For a call that begins now. */
  begin(): number {
    if (this.fixed !== undefined) return this.fixed;
    this.begun = performance.now();
    return this.steps;
  }

  /** The call has done so many steps. */
  end(steps: number): void {
    if (this.fixed !== undefined) return;
    const fitting = Math.floor((CALL_MS * steps) / (performance.now() - this.begun));
    this.steps = Math.max(1, Math.min(GROWTH * this.steps, fitting));
  }
}
