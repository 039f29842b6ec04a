import { groupDigits, percent } from "../format.ts";
import { type ClassScores, macroAverage } from "../scores.ts";
import { colorEnabled, displayWidth, paint, plain } from "./color.ts";

/** A column of a table. */
export interface Column {
  title: string;
  /** "right" by default, as numbers want it. */
  align?: "left" | "right";
}

/** What a table shows; cells may hold styles of {@link paint}. */
export interface Table {
  columns: readonly Column[];
  rows: readonly (readonly (string | number)[])[];
  /** Rows below a second rule. */
  footer?: readonly (readonly (string | number)[])[];
  /** Blanks between columns; 2 by default. */
  gap?: number;
}

/**
 * Rows under titles and a rule, columns aligned.
 *
 * @example
 * console.log(table({ columns: [{ title: "class", align: "left" }, { title: "F1" }], rows: [["cat", 0.98]] }));
 */
export function table({ columns, rows, footer = [], gap = 2 }: Table, color = colorEnabled()): string {
  const all = [columns.map((column) => column.title), ...rows, ...footer].map((row) => row.map(String));
  const widths = columns.map((_, j) => Math.max(...all.map((row) => displayWidth(row[j] ?? ""))));
  const line = (cells: readonly (string | number)[]) =>
    columns
      .map((column, j) => pad(String(cells[j] ?? ""), widths[j] ?? 0, column.align ?? "right"))
      .join(" ".repeat(gap))
      .trimEnd();
  const rule = paint("─".repeat(widths.reduce((sum, width) => sum + width + gap, -gap)), "dim", color);
  const head = paint(line(columns.map((column) => column.title)), "dim", color);
  const parts = [head, rule, ...rows.map(line)];
  if (footer.length > 0) parts.push(rule, ...footer.map(line));
  return parts.join("\n");
}

function pad(text: string, width: number, align: "left" | "right"): string {
  const blanks = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "left" ? text + blanks : blanks + text;
}

/** Precision, recall, F1 and support by class, with their unweighted mean below. */
export function classTable(scores: readonly ClassScores[], names?: readonly string[], color = colorEnabled()): string {
  const row = (name: string, s: ClassScores) => [
    name,
    percent(s.precision),
    percent(s.recall),
    percent(s.f1),
    groupDigits(s.support),
  ];
  const titles = ["precision", "recall", "F1", "samples"];
  return table(
    {
      columns: [{ title: "class", align: "left" }, ...titles.map((title) => ({ title }))],
      rows: scores.map((score, i) => row(plain(names?.[i] ?? String(i)), score)),
      footer: [row("mean", macroAverage(scores))],
      gap: 3,
    },
    color,
  );
}

/** Counts by true class (row) and predicted class (column); zeros are points, mistakes stand out. */
export function confusionTable(
  confusion: readonly (readonly number[])[],
  names?: readonly string[],
  color = colorEnabled(),
): string {
  const name = (i: number) => plain(names?.[i] ?? String(i));
  const cell = (count: number, i: number, j: number) => {
    if (count === 0) return paint("·", "dim", color);
    return paint(String(count), i === j ? "green" : "yellow", color);
  };
  return table(
    {
      columns: [{ title: "true \\ predicted" }, ...confusion.map((_, j) => ({ title: name(j) }))],
      rows: confusion.map((row, i) => [name(i), ...row.map((count, j) => cell(count, i, j))]),
    },
    color,
  );
}
