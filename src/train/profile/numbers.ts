/** Milliseconds with three digits or more, in six characters at most for usual times. */
export function formatMs(ms: number): string {
  if (ms >= 100) return ms.toFixed(0);
  if (ms >= 10) return ms.toFixed(1);
  if (ms >= 1) return ms.toFixed(2);
  if (ms >= 0.1) return ms.toFixed(3);
  return ms >= 0.01 || ms === 0 ? ms.toFixed(4) : ms.toFixed(5);
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

export function rate(value: number): string {
  if (!Number.isFinite(value) || value === 0) return "-";
  return value >= 99.5 ? value.toFixed(0) : value.toFixed(1);
}

/** 512 B, 3.4 MB (powers of 1000). */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A text that fits. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
