import { open } from "node:fs/promises";
import { fail } from "../../util/index.ts";

/** Bytes of a file that are looked at. */
const MOST = 1 << 20;

/**
 * Refuses a CSV file, in UTF-8, that has a line of more or fewer values than its first: DuckDB says of these that it finds no dialect, or takes
 * whole lines for the values of one column.
 */
export async function refuseUneven(name: string, path: string, delimiter: string): Promise<void> {
  const file = await open(path);
  const { buffer, bytesRead } = await file.read(new Uint8Array(MOST), 0, MOST, 0).finally(() => file.close());
  let [line, values, first, isQuoted] = [1, 1, 0, false];
  for (const sign of new TextDecoder().decode(buffer.subarray(0, bytesRead))) {
    if (sign === '"') isQuoted = !isQuoted;
    else if (!isQuoted && sign === delimiter) values++;
    else if (!isQuoted && sign === "\n") {
      first ||= values;
      if (values !== first)
        fail(
          `${name}: line ${line} has ${values} values, and the first ${first}`,
          "as many in every line",
          "a value that holds what separates values stands in quotes",
        );
      line++;
      values = 1;
    }
  }
}
