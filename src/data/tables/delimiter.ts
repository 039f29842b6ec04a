const CANDIDATES = [",", ";", "\t", "|"] as const;

/** Lines that are looked at. */
const LINES = 50;

/**
 * What separates the values of a CSV text, where only one sign can: the one that all lines have equally often, outside of quotes. DuckDB's own
 * guess takes the commas of decimal numbers for it in "size;price\n1,5;2,5".
 */
export function delimiterOf(head: string): string | undefined {
  const lines = linesOf(head);
  const counts = CANDIDATES.map((sign) => lines.map((line) => line.split(sign).length - 1));
  const [found, ...others] = CANDIDATES.filter((_, i) => {
    const [first = 0, ...rest] = counts[i] as number[];
    return first > 0 && rest.every((count) => count === first);
  });
  return lines.length > 1 && others.length === 0 ? found : undefined;
}

/** The first whole lines without what is quoted. */
function linesOf(head: string): string[] {
  const lines: string[] = [];
  let [line, isQuoted] = ["", false];
  for (const sign of head) {
    if (sign === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (sign === "\n" || sign === "\r")) {
      if (line !== "" && lines.push(line) === LINES) break;
      line = "";
    } else if (!isQuoted) line += sign;
  }
  return lines;
}
