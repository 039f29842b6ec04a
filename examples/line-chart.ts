/** A curve of a chart. */
export interface Curve {
  readonly name: string;
  readonly values: readonly number[];
}

/** Colors that are told apart side by side, also by most who see few of them; with three kinds of dashes for sixty curves. */
const COLORS = "#1b6ca8 #d1495b #2e8b57 #e09f3e #7b4fa3 #3aafa9 #8c564b #f26ca7 #6b7a8f #a2b700".split(" ");
const DASHES = ["", "7 3", "2 2"];

/**
 * Curves over steps 1, 2, ..., on a logarithmic axis, as an SVG picture. What ends highest is named first, in a list at the right whose entries
 * are tied to their curves.
 */
export function lineChart(title: string, across: string, up: string, curves: readonly Curve[]): string {
  const [left, top, width, line] = [70, 50, 560, 18];
  const height = Math.max(320, curves.length * line);
  const all = curves.flatMap(({ values }) => values).filter((value) => value > 0);
  const [low, high] = [Math.log10(Math.min(...all)), Math.log10(Math.max(...all))];
  const steps = Math.max(...curves.map(({ values }) => values.length));
  const x = (step: number) => left + (width * step) / Math.max(1, steps - 1);
  const y = (value: number) => top + (height * (high - Math.log10(Math.max(value, 10 ** low)))) / (high - low || 1);

  const sorted = curves
    .map((curve, i) => ({ ...curve, color: COLORS[i % 10], dash: DASHES[Math.floor(i / 10) % 3] }))
    .sort((a, b) => (b.values.at(-1) ?? 0) - (a.values.at(-1) ?? 0));
  const drawn = sorted.flatMap(({ name, values, color, dash }, i) => {
    const points = values.map((value, step) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    const [end, label] = [y(values.at(-1) ?? 0), top + line * (i + 0.5)];
    const style = `fill="none" stroke="${color}" stroke-width="1.8" stroke-dasharray="${dash}"`;
    const tie = `${x(values.length - 1)},${end.toFixed(1)} ${left + width + 40},${label} ${left + width + 52},${label}`;
    return [
      `<polyline points="${points}" ${style}/>`,
      `<polyline points="${tie}" fill="none" stroke="${color}" stroke-width="0.7" opacity="0.6"/>`,
      `<text x="${left + width + 57}" y="${label + 4}" fill="${color}">${escaped(name)} ${(values.at(-1) ?? 0).toPrecision(2)}</text>`,
    ];
  });
  const ticks = decades(low, high).flatMap((value) => [
    `<line x1="${left}" x2="${left + width}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>`,
    `<text x="${left - 8}" y="${y(value) + 4}" text-anchor="end">${value}</text>`,
  ]);
  const bottom = top + height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 270} ${bottom + 50}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    '<rect width="100%" height="100%" fill="white"/>',
    `<text x="${left}" y="26" font-size="16">${escaped(title)}</text>`,
    ...ticks,
    `<line x1="${left}" x2="${left + width}" y1="${bottom}" y2="${bottom}" stroke="#333"/>`,
    `<text x="${left + width / 2}" y="${bottom + 36}" text-anchor="middle">${escaped(across)}</text>`,
    `<text x="${left}" y="${bottom + 18}" text-anchor="middle">1</text>`,
    `<text x="${left + width}" y="${bottom + 18}" text-anchor="middle">${steps}</text>`,
    `<text transform="rotate(-90)" x="${-top - height / 2}" y="18" text-anchor="middle">${escaped(up)}</text>`,
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}

/** 1, 2 and 5 times powers of ten between 10^low and 10^high. */
function decades(low: number, high: number): number[] {
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i);
  const values = powers.flatMap((power) => [1, 2, 5].map((first) => Number(`${first}e${power}`)));
  return values.filter((value) => Math.log10(value) >= low && Math.log10(value) <= high);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
