import { formatMetric, formatNumber, groupDigits, isShare } from "../format.ts";
import { type Html, html } from "./html.ts";
import { linearScale, niceStep, type Scale, valueScale } from "./ticks.ts";

const WIDTH = 480;
const HEIGHT = 270;
const PLOT = { left: 58, right: 14, top: 14, bottom: 40 };
const MOST_POINTS = 400;
const MOST_DOTS = 2000;

/** One line of a chart: a value per epoch. */
export interface Series {
  name: string;
  values: readonly number[];
  tone: "train" | "validation";
}

/** Curves over epochs, as inline SVG with a text alternative. All series share the metric `metric`. */
export function lineChart(metric: string, series: readonly Series[]): Html {
  const epochs = Math.max(...series.map((s) => s.values.length));
  const y = valueScale(
    series.flatMap((s) => [...s.values]),
    5,
    isShare(metric),
  );
  const x = epochScale(epochs);
  const described = series.map((s) => `${s.name}: ${spokenTrend(metric, s.values)}`).join("; ");
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${`Curves of ${metric} over ${epochs} epochs. ${described}.`}">
${horizontalGrid(y, (tick) => tickLabel(metric, tick))}
${x.ticks.map((tick) => html`<text class="tick" x="${px(x.at(tick))}" y="${HEIGHT - PLOT.bottom + 18}" text-anchor="middle">${groupDigits(tick)}</text>`)}
<text class="axis" x="${px(0.5)}" y="${HEIGHT - 4}" text-anchor="middle">epoch</text>
${series.map((s) => curve(s, x, y, metric))}
</svg>`;
}

/** Predicted against true values: the closer to the diagonal, the better. */
export function scatterChart(actual: ArrayLike<number>, predicted: ArrayLike<number>, name: string): Html {
  const every = drawnEvery(actual.length);
  const points: [number, number][] = [];
  for (let i = 0; i < actual.length; i += every) {
    const [a = Number.NaN, p = Number.NaN] = [actual[i], predicted[i]];
    if (Number.isFinite(a) && Number.isFinite(p)) points.push([a, p]);
  }
  const scale = linearScale(points.flat(), 5); // of what is drawn: one far value of the others would leave the chart empty
  const dots = points.map(([a, p]) => html`<circle cx="${px(scale.at(a))}" cy="${py(scale.at(p))}" r="2.5"/>`);
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${`Predicted against true ${name}, ${groupDigits(dots.length)} samples; a perfect model lies on the diagonal.`}">
${horizontalGrid(scale, formatNumber)}
${scale.ticks.map((tick) => html`<text class="tick" x="${px(scale.at(tick))}" y="${HEIGHT - PLOT.bottom + 18}" text-anchor="middle">${formatNumber(tick)}</text>`)}
<text class="axis" x="${px(0.5)}" y="${HEIGHT - 4}" text-anchor="middle">true ${name}</text>
<line class="diagonal" x1="${px(0)}" y1="${py(0)}" x2="${px(1)}" y2="${py(1)}"/>
<g class="dots">${dots}</g>
</svg>`;
}

/** Of so many samples, one in how many a {@link scatterChart} shows. */
export function drawnEvery(samples: number): number {
  return Math.max(1, Math.ceil(samples / MOST_DOTS));
}

/** One place an epoch, with marks at whole epochs. */
function epochScale(epochs: number): Scale {
  const step = Math.max(1, niceStep(1, Math.max(2, epochs), 7));
  const ticks = epochs === 1 ? [1] : [];
  if (epochs > 1) {
    if (step > 1) ticks.push(1);
    for (let tick = step; tick <= epochs; tick += step) if (step === 1 || tick - 1 > step / 2) ticks.push(tick);
  }
  const at = (epoch: number) => (epochs === 1 ? 0.5 : (epoch - 1) / (epochs - 1));
  return { at, ticks, logarithmic: false };
}

function horizontalGrid(y: Scale, label: (tick: number) => string): Html {
  return html`${y.ticks.map(
    (tick) =>
      html`<line class="grid" x1="${PLOT.left}" x2="${WIDTH - PLOT.right}" y1="${py(y.at(tick))}" y2="${py(y.at(tick))}"/><text class="tick" x="${PLOT.left - 8}" y="${py(y.at(tick), 4)}" text-anchor="end">${label(tick)}</text>`,
  )}`;
}

function curve(series: Series, x: Scale, y: Scale, metric: string): Html {
  const points = thin(series.values).map(([epoch, value]) => ({
    x: px(x.at(epoch)),
    y: py(y.at(value)),
    epoch,
    value,
  }));
  const last = points.at(-1);
  if (!last) return html``;
  const dots = points.length <= 60 ? points : [last];
  return html`<g class="${series.tone}"><polyline points="${points.map((p) => `${p.x},${p.y}`).join(" ")}"/>${dots.map(
    (p) =>
      html`<circle cx="${p.x}" cy="${p.y}" r="${p === last ? 4 : 2.2}"><title>${`${series.name}, epoch ${p.epoch}: ${formatMetric(metric, p.value)}`}</title></circle>`,
  )}</g>`;
}

/** At most {@link MOST_POINTS} finite points [epoch, value]: of every stretch the smallest and the largest. */
function thin(values: readonly number[]): [number, number][] {
  const points = values.map((value, i): [number, number] => [i + 1, value]).filter(([, v]) => Number.isFinite(v));
  if (points.length <= MOST_POINTS) return points;
  const kept: [number, number][] = [];
  const stretch = Math.ceil(points.length / (MOST_POINTS / 2));
  for (let start = 0; start < points.length; start += stretch) {
    const part = points.slice(start, start + stretch).sort((a, b) => a[1] - b[1]);
    const ends = [part[0], part.at(-1)].filter((point) => point !== undefined);
    kept.push(...[...new Set(ends)].sort((a, b) => a[0] - b[0]));
  }
  return kept;
}

function spokenTrend(metric: string, values: readonly number[]): string {
  const finite = values.filter(Number.isFinite);
  const [first = Number.NaN, last = Number.NaN] = [finite[0], finite.at(-1)];
  return `from ${formatMetric(metric, first)} to ${formatMetric(metric, last)}`;
}

function tickLabel(metric: string, tick: number): string {
  if (isShare(metric)) return `${Number((tick * 100).toPrecision(6))} %`;
  if (tick !== 0 && (Math.abs(tick) < 1e-3 || Math.abs(tick) >= 1e5)) return tick.toExponential().replace("e+", "e");
  return String(Number(tick.toPrecision(6)));
}

const px = (share: number) => round(PLOT.left + share * (WIDTH - PLOT.left - PLOT.right));
const py = (share: number, shift = 0) =>
  round(HEIGHT - PLOT.bottom - share * (HEIGHT - PLOT.top - PLOT.bottom) + shift);
const round = (value: number) => Math.round(value * 100) / 100;
