/** Points of a curve of losses over learning rates that rise by a constant factor. */
interface Curve {
  readonly rates: readonly number[];
  readonly smoothed: readonly number[];
  readonly suggestion: number | undefined;
}

const HEIGHT = 10;
const MARGIN = 10;

/**
 * The curve as lines of text: the loss upward, the rate to the right (each decade as wide as the others), the suggestion a
 * vertical line. What lies far above the first loss, where training diverges, is cut off.
 */
export function drawCurve({ rates, smoothed, suggestion }: Curve, columns: number): string[] {
  const width = Math.max(10, Math.min(70, columns - MARGIN - 2));
  const low = Math.min(...smoothed);
  const first = smoothed[0] ?? 0;
  const high = Math.min(Math.max(...smoothed), first + 0.5 * (first - low) + 1e-12);
  const at = (column: number) => Math.round((column / (width - 1)) * (rates.length - 1));
  const columnOf = (rate: number) => {
    const [begin = 1, end = 1] = [rates[0], rates.at(-1)];
    return Math.round((Math.log(rate / begin) / Math.max(Math.log(end / begin), 1e-9)) * (width - 1));
  };
  const grid = Array.from({ length: HEIGHT }, () => Array.from({ length: width }, () => " "));
  const put = (row: number, column: number, sign: string) => {
    const line = grid[row];
    if (line && column >= 0 && column < width) line[column] = sign;
  };
  if (suggestion !== undefined) for (let row = 0; row < HEIGHT; row++) put(row, columnOf(suggestion), "│");
  for (let column = 0; column < width; column++) {
    const value = smoothed[at(column)] ?? 0;
    const part = high > low ? (value - low) / (high - low) : 0;
    if (part <= 1) put(Math.round((1 - part) * (HEIGHT - 1)), column, "•");
  }
  const label = (row: number) => (row === 0 ? short(high) : row === HEIGHT - 1 ? short(low) : "");
  const lines = grid.map((line, row) => `${label(row).padStart(MARGIN - 2)} ┤${line.join("").trimEnd()}`);
  return [
    "loss while the learning rate grows",
    ...lines,
    `${" ".repeat(MARGIN - 1)}└${"─".repeat(width)}`,
    axis(rates, width, columnOf),
    suggestion === undefined
      ? "The loss did not fall: no suggestion. Try more steps, other rates, or another optimizer."
      : `suggestion: learningRate ${short(suggestion)}, where the loss fell fastest`,
  ];
}

/** Powers of ten under the columns where they are, as many as there is room for. */
function axis(rates: readonly number[], width: number, columnOf: (rate: number) => number): string {
  const [begin = 1, end = 1] = [rates[0], rates.at(-1)];
  let line = "";
  for (let power = Math.ceil(Math.log10(begin) - 1e-9); power <= Math.log10(end) + 1e-9; power++) {
    const place = MARGIN + columnOf(10 ** power);
    const text = power >= -2 && power <= 2 ? String(10 ** power) : `1e${power}`;
    if (line.length > 0 && place < line.length + 2) continue;
    if (place + text.length <= MARGIN + width + 4) line = line.padEnd(place) + text;
  }
  return line;
}

function short(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
