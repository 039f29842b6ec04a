import { digits, formatTimes, scaled } from "../format.ts";
import type { Peaks } from "../machine/peak.ts";
import { type Peak, shares } from "../machine/roofline.ts";
import { mostOf, type VectorPeak } from "../machine/vector-peak.ts";
import type { Result, Showing } from "./rounds.ts";

const percent = (share: number) => `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`;

function ratio({ ratio }: Showing): string {
  return ratio ? `${digits(ratio.median)}x (${digits(ratio.least)}-${digits(ratio.most)})` : "-";
}

export const HEADER = ["case", "", "ms/step", "takes", "FLOP/s", "of peak", "of roofline", "remarks"];

/** Of the columns, so that a table can be printed case by case. */
export const WIDTHS = [20, 18, 30, 22, 6, 7, 11, 0];

/** A row for each contestant of a task; who can't do it says so below the table. */
export function rowsOf({ task, showings, othersUsed }: Result, peak: Peak | undefined): string[][] {
  const shown = showings.filter(({ times }) => times);
  return shown.map((showing, i) => {
    const ms = showing.times?.median ?? Number.NaN;
    const share = peak && shares(task, ms, peak);
    const others = i === 0 && othersUsed > 0.15 ? `others used ${othersUsed.toFixed(1)} cores` : undefined;
    return [
      i === 0 ? task.name : "",
      showing.title,
      formatTimes(showing.times),
      ratio(showing),
      scaled((task.flop * 1000) / ms),
      share ? percent(share.peak) : "-",
      share ? percent(share.roofline) : "-",
      [showing.remark, others].filter(Boolean).join("; "),
    ];
  });
}

/** What could not be done, in the libraries' words; the same for several tasks is said once. */
export function formatErrors(results: readonly Result[]): string[] {
  const tasks = new Map<string, string[]>();
  for (const { task, showings } of results) {
    for (const { title, error } of showings) {
      if (!error) continue;
      const said = `${title}: ${error}`;
      tasks.set(said, [...(tasks.get(said) ?? []), task.name]);
    }
  }
  const list = (names: readonly string[]) =>
    names.length > 4 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
  return [...tasks].map(([said, names]) => (names.length === results.length ? said : `${said} (${list(names)})`));
}

/** Geometric means of the ratios, without mlp-tiny (which would outweigh all others), of who did every other case. */
export function geometricMeans(results: readonly Result[]): { title: string; mean: number }[] {
  const counted = results.filter(({ task }) => task.name !== "mlp-tiny");
  const titles = counted[0]?.showings.map(({ title }) => title) ?? [];
  return titles.flatMap((title) => {
    const ratios = counted.map(({ showings }) => showings.find((each) => each.title === title)?.ratio?.median);
    const known = ratios.filter((each) => each !== undefined);
    if (known.length < 2 || known.length < counted.length) return [];
    return [{ title, mean: Math.exp(known.reduce((sum, each) => sum + Math.log(each), 0) / known.length) }];
  });
}

const formatPeak = ({ threads, gflops, levels }: Peak) =>
  `${threads} thread${threads > 1 ? "s" : ""}: ${gflops.toFixed(0)} GFLOP/s; GB/s: ${levels
    .map(({ name, gbytes }) => `${name} ${gbytes.toFixed(0)}`)
    .join(", ")}`;

export function formatPeaks({ one, all }: Peaks): string[] {
  return one.threads === all.threads ? [formatPeak(one)] : [formatPeak(one), formatPeak(all)];
}

/** What 128-bit vectors, WebAssembly's, do at most here, and how near Descent comes to that. */
export function formatVectorPeaks(peak: VectorPeak, threads: number, results: readonly Result[]): string {
  const most = mostOf(peak);
  const reached = results.flatMap(({ task, showings }) => {
    const ms = showings.find(({ key }) => key === "descent-wasm")?.times?.median;
    return ms === undefined ? [] : [`${task.name} ${percent(task.flop / (ms * 1e6) / most)}`];
  });
  const fused = peak.fused === undefined ? "" : `, ${peak.fused.toFixed(0)} by fused multiply-adds`;
  return [
    `128-bit vectors in WebAssembly, ${threads} thread${threads > 1 ? "s" : ""}: ${peak.separate.toFixed(0)} GFLOP/s by multiplications and additions${fused}`,
    ...(reached.length > 0 ? [`of it by Descent wasm: ${reached.join(", ")}`] : []),
  ].join("\n");
}
