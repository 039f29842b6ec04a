import { digits, formatTable, formatTimes, scaled } from "../measure.ts";
import type { Result, Showing } from "./measure.ts";
import { mostOf, type VectorPeak, type VectorPeaks } from "./peak.ts";

function flops(result: Result, showing: Showing | undefined): number | undefined {
  return showing?.times && result.flopPerStep / (showing.times.median / 1000);
}

function share(rate: number | undefined, peak: VectorPeak | undefined): string {
  return rate === undefined || !peak ? "-" : `${((rate / (mostOf(peak) * 1e9)) * 100).toFixed(0)} %`;
}

function ratio({ ratio }: Showing): string {
  return ratio ? `${digits(ratio.median)}x (${digits(ratio.least)}-${digits(ratio.most)})` : "-";
}

/** One row for each task: our time, its share of the peak, and for every peer its time, share and how many times ours it takes. */
export function formatResults(results: readonly Result[], peak: VectorPeak | undefined): string {
  const [ours, ...peers] = results[0]?.showings ?? [];
  const header = [
    "case",
    `${ours?.name} ms/step`,
    "FLOP/s",
    "of peak",
    ...peers.flatMap(({ name }) => [`${name} ms/step`, "of peak", "takes"]),
    "others used",
  ];
  const rows = results.map((result) => {
    const [own, ...others] = result.showings;
    const rate = flops(result, own);
    return [
      result.task,
      formatTimes(own?.times),
      rate === undefined ? "-" : scaled(rate),
      share(rate, peak),
      ...others.flatMap((each) => [formatTimes(each.times), share(flops(result, each), peak), ratio(each)]),
      `${result.othersUsed.toFixed(2)} cores`,
    ];
  });
  return formatTable([header, ...rows]);
}

/** What could not be done, in the libraries' words. */
export function formatErrors(results: readonly Result[]): string[] {
  return results.flatMap(({ task, showings }) =>
    showings.flatMap(({ name, error }) => (error ? [`${name}, ${task}: ${error}`] : [])),
  );
}

export function formatPeaks({ one, all }: VectorPeaks, threads: number): string {
  const format = ({ fused, separate }: VectorPeak) =>
    `${separate.toFixed(0)} GFLOP/s by multiplications and additions, ${fused?.toFixed(0) ?? "-"} by fused multiply-adds`;
  return `128-bit peak in WebAssembly, 1 thread: ${format(one)}; ${threads} threads: ${format(all)}`;
}
