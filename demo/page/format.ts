/** 98.8 % of 0.9875. Only 1 is 100 %. */
export function percent(share: number, digits = 1): string {
  if (!Number.isFinite(share)) return "–";
  const rounded = (share * 100).toFixed(digits);
  const most = (100 - 10 ** -digits).toFixed(digits);
  return `${share < 1 && Number(rounded) === 100 ? most : rounded} %`;
}

/** 12,345; three digits for small numbers. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const rounded = value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return rounded.toLocaleString("en-US");
}

/** 0.0421: three significant digits. */
export function decimal(value: number): string {
  return Number.isFinite(value) ? value.toPrecision(3) : "–";
}

/** "12 s", "3 min 5 s", "2 h 10 min". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
