/** Median of some numbers; their order does not matter. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? high) + high) / 2 : high;
}

/** Times of several blocks of steps, in milliseconds per step. */
export interface Times {
  median: number;
  least: number;
  most: number;
  blocks: number[];
}

export function summarize(blocks: number[]): Times {
  return { median: median(blocks), least: Math.min(...blocks), most: Math.max(...blocks), blocks };
}

/** Three significant digits and no exponent: 0.00123, 1.23, 123. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const decimals = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}

/** With a unit's prefix: 405, 1.23k, 4.56M, 7.89G. */
export function scaled(value: number): string {
  const step = [1e9, 1e6, 1e3].findIndex((size) => value >= size);
  return step < 0 ? digits(value) : `${digits(value / 10 ** (9 - 3 * step))}${"GMk"[step]}`;
}

/** "1.23 (1.20-1.31)". */
export function formatTimes(times: Times | undefined): string {
  return times ? `${digits(times.median)} (${digits(times.least)}-${digits(times.most)})` : "-";
}

/** Rows as a plain table; columns as wide as their widest cell, or as `least` if that is wider. */
export function formatTable(rows: readonly (readonly string[])[], least: readonly number[] = []): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(least[column] ?? 0, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
