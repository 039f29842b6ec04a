/** Whether some lines of a CSV text end with a carriage return and a line feed, and others with a line feed alone: DuckDB finds no dialect then. */
export function hasMixedEnds(head: string): boolean {
  let [isQuoted, both, alone] = [false, false, false];
  for (let at = 0; at < head.length; at++) {
    const sign = head[at];
    if (sign === '"') isQuoted = !isQuoted;
    else if (!isQuoted && sign === "\n") {
      if (head[at - 1] === "\r") both = true;
      else alone = true;
      if (both && alone) return true;
    }
  }
  return false;
}

/** The same text, in pieces that may be cut anywhere, with a line feed at every line's end. */
export async function* withLineFeeds(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = "";
  for await (const piece of pieces) {
    const text = held + piece;
    held = text.endsWith("\r") ? "\r" : "";
    yield text.slice(0, text.length - held.length).replaceAll("\r\n", "\n");
  }
  if (held) yield held;
}
