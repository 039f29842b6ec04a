import { groupDigits, metricTitle, percent } from "../format.ts";
import { type ClassScores, macroAverage } from "../scores.ts";
import { type Html, html } from "./html.ts";
import type { ReportTable } from "./types.ts";

/** The confusion matrix as a table whose cells are shaded by their share of the true class. */
export function confusionTable(confusion: readonly (readonly number[])[], names: readonly string[]): Html {
  return html`<div class="scroll" role="region" aria-label="Confusion matrix" tabindex="0">
<table class="confusion">
<caption>Rows: true class. Columns: predicted class. Blue cells are right, orange ones are mistakes.</caption>
<thead><tr><th scope="col"><span>true \\ predicted</span></th>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${confusion.map((row, i) => confusionRow(row, i, names[i] ?? String(i)))}</tbody>
</table></div>`;
}

function confusionRow(row: readonly number[], own: number, name: string): Html {
  const total = row.reduce((sum, n) => sum + n, 0);
  const cells = row.map((count, j) => {
    if (count === 0) return html`<td class="none">${j === own ? "0" : html`<span aria-label="0">·</span>`}</td>`;
    const share = count / Math.max(1, total);
    // A single mistake among hundreds must still be seen: mistakes are shaded by the root of their share.
    const strength = j === own ? share : 0.12 + 0.88 * Math.sqrt(share);
    const kind = `${j === own ? "hit" : "miss"}${strength > 0.5 ? " strong" : ""}`;
    return html`<td class="${kind}" style="--share:${strength.toFixed(3)}">${groupDigits(count)}</td>`;
  });
  return html`<tr><th scope="row">${name}</th>${cells}</tr>`;
}

/** Precision, recall, F1 and support by class, with their unweighted mean. */
export function classTable(scores: readonly ClassScores[], names: readonly string[]): Html {
  return html`<div class="scroll" role="region" aria-label="Scores by class" tabindex="0">
<table class="scores">
<caption>How well each class is recognized.</caption>
<thead><tr><th scope="col">class</th><th scope="col">precision</th><th scope="col">recall</th><th scope="col">F1</th><th scope="col">samples</th></tr></thead>
<tbody>${scores.map((score, i) => scoreRow(names[i] ?? String(i), score))}</tbody>
<tfoot>${scoreRow("mean", macroAverage(scores))}</tfoot>
</table></div>`;
}

function scoreRow(name: string, score: ClassScores): Html {
  const bar = html`<span class="bar" style="--share:${score.f1.toFixed(4)}" aria-hidden="true"></span>`;
  return html`<tr><th scope="row">${name}</th><td>${percent(score.precision, 1)}</td><td>${percent(score.recall, 1)}</td><td>${bar}<span class="number">${percent(score.f1, 1)}</span></td><td>${groupDigits(score.support)}</td></tr>`;
}

/** Cells under titles. */
export function plainTable({ caption, columns, rows, words = false }: ReportTable): Html {
  return html`<div class="plain scroll" role="region" aria-label="${caption}" tabindex="0">
<table class="${words ? "words" : "numbers"}">
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map(([first = "", ...cells]) => html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td>${Number.isInteger(cell) ? groupDigits(cell as number) : cell}</td>`)}</tr>`)}</tbody>
</table></div>`;
}

/** Every epoch's numbers: the curves' text alternative. At most `most` rows, the last epoch always among them. */
export function historyTable(
  columns: readonly { name: string; values: readonly number[] }[],
  format: (name: string, value: number) => string,
  most = 200,
): Html {
  const epochs = Math.max(...columns.map((column) => column.values.length));
  const every = Math.ceil(epochs / most);
  const rows = Array.from({ length: epochs }, (_, i) => i).filter((i) => i % every === 0 || i === epochs - 1);
  const note = every > 1 ? ` (every ${every} epochs)` : "";
  return html`<div class="scroll" role="region" aria-label="Numbers by epoch" tabindex="0">
<table class="numbers">
<caption>Loss and metrics by epoch${note}.</caption>
<thead><tr><th scope="col">epoch</th>${columns.map((column) => html`<th scope="col">${metricTitle(column.name)}</th>`)}</tr></thead>
<tbody>${rows.map(
    (i) =>
      html`<tr><th scope="row">${i + 1}</th>${columns.map((column) => html`<td>${format(column.name, column.values[i] ?? Number.NaN)}</td>`)}</tr>`,
  )}</tbody>
</table></div>`;
}
