/** What a page tells of one of its tests. */
export interface TestReport {
  readonly id: string;
  readonly file: string;
  readonly name: string;
  /** "run" before it ends. */
  readonly state: "run" | "pass" | "fail" | "skip" | "todo" | "only" | "queued";
  /** Why it was skipped. */
  readonly note?: string | undefined;
  readonly errors: readonly string[];
}
