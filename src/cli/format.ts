/** 98.75 % of 0.9875. */
export function percent(value: number, digits = 2): string {
  return Number.isFinite(value) ? `${(value * 100).toFixed(digits)} %` : "-";
}

/** A metric's value for a reader: four significant digits, no exponent for usual sizes. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(2);
  if (Number.isInteger(value)) return groupDigits(value);
  if (size >= 1000) return groupDigits(Math.round(value));
  return value.toPrecision(4);
}

/** 1,234,567. */
export function groupDigits(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** 0.85 s, 12.3 s, 2 min 5 s. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-";
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 7200) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** 512 B, 3.4 MB (powers of 1000). */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** True of a metric that is a share from 0 to 1, which readers expect in percent. */
export function isShare(metric: string): boolean {
  return /accuracy|precision|recall|f1|hamming/i.test(metric);
}

/** A metric's value as readers expect it: shares in percent, R² and areas with four decimals however near to 0. */
export function formatMetric(name: string, value: number): string {
  if (isShare(name)) return percent(value);
  return /^(val)?(r2|auc)$/i.test(name) && Math.abs(value) < 10 ? fixed(value, 4) : formatNumber(value);
}

/** A number with so many decimals; 0 without a sign. */
export function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** "sparseCategoricalAccuracy" as "sparse categorical accuracy", "valLoss" as "validation loss". */
export function metricTitle(name: string): string {
  if (/^val[A-Z]/.test(name)) return `validation ${metricTitle(`${name.charAt(3).toLowerCase()}${name.slice(4)}`)}`;
  if (name === "r2") return "R²";
  if (name === "f1") return "F1";
  if (name === "microF1") return "micro F1";
  if (name === "auc") return "ROC AUC";
  if (name === "brier") return "Brier score";
  return name.replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
}

/** The same of a score of tables and images, whose F1 is the mean of the classes'. */
export function scoreTitle(name: string): string {
  return name === "f1" ? "macro F1" : metricTitle(name);
}

/** A value of a table, as its file has it: whole numbers without groups of digits, since 2009 may be a year; four digits of long fractions. */
export function formatCell(value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (value instanceof Date) return dateCell(value);
  const text = typeof value === "number" ? numberCell(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function numberCell(value: number): string {
  const text = String(value);
  if (text.length <= 8 || !Number.isFinite(value) || Number.isInteger(value)) return text;
  return String(Number(Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(4)));
}

/** 2001-02-15, or 2001-02-15 17:30 where a day is not all that is said. */
function dateCell(value: Date): string {
  if (Number.isNaN(value.getTime())) return "-";
  const [day = "", time = ""] = value.toISOString().split("T");
  if (time.startsWith("00:00:00")) return day;
  return `${day} ${time.slice(0, time.slice(6, 8) === "00" ? 5 : 8)}`;
}
