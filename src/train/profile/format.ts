import type { ProfileData, ProfiledKernel, ProfiledOwner } from "./data.ts";
import { formatMemory } from "./memory-map.ts";
import { cut, formatBytes, formatMs, percent, rate } from "./numbers.ts";

/** How a profile is written. */
export interface ProfileFormat {
  /** Columns of the terminal; default and least 80. */
  readonly width?: number;
  /** Kernels that are listed, the longest ones; default 24. */
  readonly kernels?: number;
}

const MOST_KERNELS = 24;

/** A profile as text. */
export function formatProfile(profile: ProfileData, { width = 80, kernels = MOST_KERNELS }: ProfileFormat): string {
  const columns = Math.max(80, width);
  return [
    formatStep(profile),
    formatKernels(profile, columns, kernels),
    formatLayers(profile, columns),
    formatMemory(profile, columns),
  ].join("\n\n");
}

function formatStep({ model, engine, threads, batchSize, steps, step, machine }: ProfileData): string {
  const line = (name: string, ms: number, note = "") =>
    `  ${name.padEnd(22)}${formatMs(ms).padStart(8)} ms ${percent(ms / step.ms).padStart(6)}${note && `   ${note}`}`;
  const on = `${engine}, ${threads === 1 ? "1 thread" : `${threads} threads`}`;
  return [
    `${model}: ${steps} steps of ${batchSize} samples on ${on}`,
    ...(machine ? [machineLine(machine)] : []),
    "",
    `A step takes ${formatMs(step.ms)} ms (mean of the middle half):`,
    line("kernels", step.kernels, threads > 1 ? `threads busy ${percent(step.busy)}` : ""),
    line("between kernels", step.between),
    line("starting and ending", step.call),
    line("copying the batch", step.copy),
    line("callbacks and metrics", step.loop),
  ].join("\n");
}

function machineLine({ operations, bytes, over }: NonNullable<ProfileData["machine"]>): string {
  return `machine at best: ${(operations / 1e9).toFixed(0)} GFLOP/s, ${(bytes / 1e9).toFixed(1)} GB/s over ${formatBytes(over)}`;
}

/** Equal kernels of the same layers in one row. */
interface Row {
  readonly kernel: string;
  readonly owners: readonly ProfiledOwner[];
  calls: number;
  ms: number;
  share: number;
  /** Of the rates, so that they can be averaged by time. */
  work: number;
  traffic: number;
  least: number | undefined;
}

function rowsOf(kernels: readonly ProfiledKernel[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { kernel, owners, ms, share, gflops, gbytes, roof } of kernels) {
    const key = JSON.stringify([kernel, owners]);
    const row = rows.get(key) ?? { kernel, owners, calls: 0, ms: 0, share: 0, work: 0, traffic: 0, least: undefined };
    row.calls++;
    row.ms += ms;
    row.share += share;
    row.work += gflops * ms;
    row.traffic += gbytes * ms;
    if (roof !== undefined) row.least = (row.least ?? 0) + roof * ms;
    rows.set(key, row);
  }
  return [...rows.values()].sort((a, b) => b.ms - a.ms);
}

function formatKernels({ kernels }: ProfileData, width: number, most: number): string {
  const rows = rowsOf(kernels);
  const shown = rows.slice(0, most);
  const numbers = shown.map((row) => [
    formatMs(row.ms),
    percent(row.share),
    rate(row.work / row.ms),
    rate(row.traffic / row.ms),
    row.least === undefined ? "" : `${((row.least / row.ms) * 100).toFixed(0)} %`,
  ]);
  const titles = ["ms", "share", "GFLOP/s", "GB/s", "roof"];
  const phases = shown.map(({ owners }) => phaseOf(owners));
  const fixed = [["", ...titles], ...numbers.map((row, i) => [phases[i]!, ...row])];
  const taken = fixed[0]!.map((_, j) => Math.max(...fixed.map((row) => row[j]!.length)));
  const layers = shown.map(({ owners }) => layersText(owners));
  const names = shown.map(({ kernel, calls }) => (calls > 1 ? `${calls} x ${kernel}` : kernel));
  // What numbers leave is for layers (a third at most, unless there is room) and names.
  const free = width - taken.reduce((sum, each) => sum + each + 1, 0) - 1;
  const wanted = Math.max(...layers.map(({ length }) => length), 6);
  const longest = Math.max(...names.map(({ length }) => length), 6);
  const layerWidth = Math.min(wanted, Math.max(free - longest - 1, Math.floor(free / 3)));
  const nameWidth = Math.min(longest, free - layerWidth);
  const line = (name: string, layer: string, rest: readonly string[]) =>
    [
      cut(name, nameWidth).padEnd(nameWidth),
      cut(layer, layerWidth).padEnd(layerWidth),
      rest[0]!.padEnd(taken[0]!),
      ...rest.slice(1).map((text, j) => text.padStart(taken[j + 1]!)),
    ]
      .join(" ")
      .trimEnd();
  const head = line("kernel", "layer", fixed[0]!);
  const body = shown.map((_, i) => line(names[i]!, layers[i]!, fixed[i + 1]!));
  const rest = rows.slice(most);
  const more = rest.reduce((sum, { ms }) => sum + ms, 0);
  const left = rest.length > 0 ? [`... and ${rest.length} more, ${formatMs(more)} ms together`] : [];
  return [head, "─".repeat(Math.max(...[head, ...body].map(({ length }) => length))), ...body, ...left].join("\n");
}

function formatLayers({ layers }: ProfileData, width: number): string {
  const sorted = [...layers].sort((a, b) => b.ms - a.ms);
  const cell = (ms: number) => (ms === 0 ? "" : formatMs(ms));
  const rows = sorted.map(({ layer, ms, share, forward, backward, update }) => [
    cut(layer || "(none)", width - 44),
    formatMs(ms),
    percent(share),
    cell(forward),
    cell(backward),
    cell(update),
  ]);
  const all = [["layer", "ms", "share", "forward", "backward", "update"], ...rows];
  const widths = all[0]!.map((_, j) => Math.max(...all.map((row) => row[j]!.length)));
  const lines = all.map((row) =>
    row
      .map((text, j) => (j === 0 ? text.padEnd(widths[j]!) : text.padStart(widths[j]!)))
      .join("  ")
      .trimEnd(),
  );
  return [lines[0]!, "─".repeat(Math.max(...lines.map(({ length }) => length))), ...lines.slice(1)].join("\n");
}

const SHORT = { forward: "fwd", backward: "bwd", update: "upd" } as const;

function phaseOf(owners: readonly ProfiledOwner[]): string {
  const phases = [...new Set(owners.map(({ phase }) => phase))];
  return phases.map((phase) => SHORT[phase]).join("+");
}

/** The layers' paths; the optimizer is told by its phase where a layer is named too. */
function layersText(owners: readonly ProfiledOwner[]): string {
  const layers = [...new Set(owners.map(({ layer }) => layer))];
  const named = layers.filter((layer) => layer !== "");
  return named.join(", ") || "-";
}
