import type { Highlight } from "../report/index.ts";
import { classScores } from "../scores.ts";
import { classTable, confusionTable, paint } from "../terminal/index.ts";
import type { Outcome } from "./outcome.ts";

/** Larger confusion matrices are left to the report. */
const MOST_CLASSES = 20;

/** What a test came to, for the terminal: the figures, then scores and counts by class. */
export function describeOutcome(
  highlights: readonly Highlight[],
  { confusion }: Outcome,
  classNames?: readonly string[],
): string {
  const width = Math.max(0, ...highlights.map(({ label }) => label.length));
  const lines = ["", ...highlights.map(({ label, value }) => `${label.padEnd(width)}  ${paint(value, "bold")}`), ""];
  if (confusion && confusion.length <= MOST_CLASSES) {
    lines.push(classTable(classScores(confusion), classNames), "", confusionTable(confusion, classNames), "");
  }
  return lines.join("\n");
}
