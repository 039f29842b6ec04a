/** Bytes that are looked at. */
const MOST = 1 << 20;

/** The first line of a text with another number of values than its first, both numbers, and the sign between values. */
export interface UnevenLine {
  readonly line: number;
  readonly values: number;
  readonly first: number;
}

/** Looks for a line that has more or fewer values than the first, at the beginning of a CSV file that separates them by `delimiter`. */
export async function unevenLine(path: string, delimiter: string): Promise<UnevenLine | undefined> {
  const { open } = await import("node:fs/promises");
  const file = await open(path);
  const { buffer, bytesRead } = await file.read(new Uint8Array(MOST), 0, MOST, 0).finally(() => file.close());
  const text = new TextDecoder().decode(buffer.subarray(0, bytesRead));
  let [line, values, first, isQuoted] = [1, 1, 0, false];
  for (const sign of text) {
    if (sign === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (sign === delimiter) values++;
    else if (sign === "\n") {
      first ||= values;
      if (values !== first) return { line, values, first };
      line++;
      values = 1;
    }
  }
  return undefined;
}
