import { formatMetric, groupDigits, isShare, metricTitle, percent } from "../format.ts";
import { accuracyOf, classScores } from "../scores.ts";
import { drawnEvery, lineChart, type Series, scatterChart } from "./chart.ts";
import { type Html, html, trusted } from "./html.ts";
import { pngDataUri } from "./png.ts";
import { STYLE } from "./style.ts";
import { classTable, confusionTable, historyTable, plainTable } from "./tables.ts";
import type { Miss, Mistake, Report, ReportHistory, ReportSection } from "./types.ts";

/** The browser itself refuses anything from a network, and any script. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** The report as one HTML document that needs no network and no script. */
export function renderReport(report: Report): string {
  const names = classNames(report);
  const created = report.created ?? new Date();
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Descent">
<title>${report.title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
<header>
<p class="kicker">Descent training report</p>
<h1>${report.title}</h1>
${report.subtitle && html`<p class="subtitle">${report.subtitle}</p>`}
<p class="date"><time datetime="${created.toISOString()}">${dateText(created)}</time></p>
</header>
${highlights(report)}
${report.lead?.map((each, i) => section(each, i, "lead"))}
${report.history && curves(report.history)}
${report.confusion && classes(report, report.confusion, names)}
${report.regression && regression(report.regression)}
${report.mistakes?.length ? mistakes(report.mistakes, names) : undefined}
${report.sections?.map((each, i) => section(each, i))}
${report.modelSummary && model(report.modelSummary)}
${report.facts && facts(report.facts)}
</main>
</body>
</html>
`.text;
}

function classNames(report: Report): readonly string[] {
  return (report.confusion ?? []).map((_, i) => report.classNames?.[i] ?? String(i));
}

function highlights(report: Report): Html | undefined {
  if (!report.highlights?.length) return undefined;
  return html`<dl class="highlights">${report.highlights.map(
    ({ label, value }) => html`<div><dt>${label}</dt><dd>${withUnit(value)}</dd></div>`,
  )}</dl>`;
}

/** "48.2 s" with its unit in small print; anything else as it is. */
function withUnit(value: string): Html {
  const [, number, unit] = /^([\d.,]+) (\D\S*)$/.exec(value) ?? [];
  return number === undefined ? html`${value}` : html`${number} <small>${unit}</small>`;
}

function curves(history: ReportHistory): Html | undefined {
  const recorded = Object.entries(history).filter(([, values]) => values.some(Number.isFinite));
  if (recorded.length === 0) return undefined;
  const metrics = [...new Set(recorded.map(([name]) => trainName(name)))];
  return html`<section aria-labelledby="curves">
<h2 id="curves">Learning curves</h2>
${metrics.some((metric) => seriesOf(metric, history).length > 1) && html`<p>Training figures are means over an epoch, taken while the model learns (with dropout and changed samples, where there are any); validation follows at its end and may be better.</p>`}
<div class="charts">${metrics.map((metric) => figure(metric, seriesOf(metric, history)))}</div>
<details><summary>The numbers behind the curves</summary>${historyTable(
    recorded.map(([name, values]) => ({ name, values })),
    (name, value) => (Number.isFinite(value) ? formatMetric(name, value) : "-"),
  )}</details>
</section>`;
}

function figure(metric: string, series: readonly Series[]): Html {
  const title = metricTitle(metric);
  return html`<figure class="chart"><figcaption><b>${title}</b>${series.map(
    (s) =>
      html`<span class="legend ${s.tone}">${s.name} <strong>${formatMetric(metric, s.values.at(-1) ?? Number.NaN)}</strong></span>`,
  )}${bestEpoch(metric, series)}</figcaption>${lineChart(title, series)}</figure>`;
}

/** "best 98.9 % at epoch 11", of the validation when there is one and its best is not its last. */
function bestEpoch(metric: string, series: readonly Series[]): Html | undefined {
  const values = series.at(-1)?.values.filter(Number.isFinite) ?? [];
  const rises = isShare(metric);
  if (!rises && metric !== "loss") return undefined; // of other metrics, nobody knows which way is better
  const best = rises ? Math.max(...values) : Math.min(...values);
  if (values.length < 2 || values.at(-1) === best) return undefined;
  return html`<span class="best">best ${formatMetric(metric, best)} at epoch ${values.indexOf(best) + 1}</span>`;
}

function seriesOf(metric: string, history: ReportHistory): Series[] {
  const validation = `val${metric[0]?.toUpperCase()}${metric.slice(1)}`;
  const series: Series[] = [];
  if (history[metric]) series.push({ name: "training", values: history[metric], tone: "train" });
  if (history[validation]) series.push({ name: "validation", values: history[validation], tone: "validation" });
  return series;
}

/** "loss" of "valLoss" and of "loss". */
function trainName(name: string): string {
  return /^val[A-Z]/.test(name) ? (name[3]?.toLowerCase() ?? "") + name.slice(4) : name;
}

function classes(report: Report, confusion: readonly (readonly number[])[], names: readonly string[]): Html {
  const on = report.countedOn ? ` on ${report.countedOn}` : "";
  return html`<section aria-labelledby="classes">
<h2 id="classes">What it recognizes</h2>
<p>${percent(accuracyOf(confusion))} right${on}.</p>
<div class="tables">${confusionTable(confusion, names)}${classTable(report.perClass ?? classScores(confusion), names)}</div>
</section>`;
}

function regression({ actual, predicted, name = "value" }: NonNullable<Report["regression"]>): Html {
  const every = drawnEvery(actual.length);
  const drawn =
    every > 1 ? `; ${groupDigits(Math.ceil(actual.length / every))} of ${groupDigits(actual.length)} are drawn` : "";
  return html`<section aria-labelledby="fit">
<h2 id="fit">Predicted against true</h2>
<div class="charts"><figure class="chart"><figcaption><b>predicted ${name}</b><span class="best">${`the diagonal is perfect${drawn}`}</span></figcaption>${scatterChart(actual, predicted, name)}</figure></div>
</section>`;
}

function mistakes(list: readonly (Mistake | Miss)[], names: readonly string[]): Html {
  const name = (label: string | number) => (typeof label === "number" ? (names[label] ?? String(label)) : label);
  const isClasses = list.every((each) => "probability" in each);
  return html`<section aria-labelledby="mistakes">
<h2 id="mistakes">The worst mistakes</h2>
<p>${isClasses ? "Wrong answers that the model was surest of: the true class, what it saw instead, and its confidence." : "Pictures that the model is most wrong about: what is true, what it answered, and by how much that is wrong."}</p>
<ul class="${!isClasses || names.some(({ length }) => length > 6) ? "mistakes wide" : "mistakes"}">${list.map(
    (mistake) => {
      const [height = 1, width = 1] = mistake.shape;
      const [label, prediction] = [name(mistake.label), name(mistake.prediction)];
      return html`<li><figure><img src="${pngDataUri(mistake.pixels, mistake.shape)}" width="${width}" height="${height}" alt="${`Picture of ${isClasses ? "class " : ""}${label}, taken for ${prediction}`}"><figcaption><span><b class="right">${label}</b><span class="as" aria-hidden="true">→</span><span class="hidden"> taken for </span><b class="wrong">${prediction}</b></span><small>${"probability" in mistake ? percent(mistake.probability, 1) : mistake.error}</small></figcaption></figure></li>`;
    },
  )}</ul>
</section>`;
}

function section({ title, note, tables }: ReportSection, place: number, group = "section"): Html {
  const id = `${group}-${place + 1}`;
  return html`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${note && html`<p>${note}</p>`}
${tables.map(plainTable)}
</section>`;
}

function model(summary: string): Html {
  return html`<section aria-labelledby="model">
<h2 id="model">The model</h2>
<pre class="scroll" role="region" aria-label="Model summary" tabindex="0">${summary.trimEnd()}</pre>
</section>`;
}

function facts(entries: Readonly<Record<string, string | number>>): Html {
  return html`<section aria-labelledby="facts">
<h2 id="facts">How it was made</h2>
<dl class="facts">${Object.entries(entries).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</section>`;
}

/** "23 November 2025, 22:13 UTC": the same on every machine. */
function dateText(date: Date): string {
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  return `${day}, ${date.toISOString().slice(11, 16)} UTC`;
}
