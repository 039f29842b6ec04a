import { printable } from "../../util/index.ts";

/** What DuckDB's lines begin with that tell nothing about what went wrong: the place in its own SQL, its settings, what else it can do. */
const REST =
  /^(LINE \d+:|The search space used|Possible|\* |Candidate functions|Column .* is being converted|\s+\S+ = )/;

const LONGEST = 300;

/** An error of DuckDB in one line of at most 300 letters: what happened, where, and the names that it thinks were meant. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const told: string[] = [];
  for (const line of text.split(/\r\n|[\r\n]/)) {
    if (line.trim() === "" || REST.test(line.trimStart())) break;
    // The line of a file is as long as its writer likes.
    if (!line.startsWith("Original Line:")) told.push(printable(line.trim()));
  }
  const whole = told.map((line, i) => (i < told.length - 1 && !/[.:;!?]$/.test(line) ? `${line}:` : line)).join(" ");
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST - 3)}...` : whole;
}
