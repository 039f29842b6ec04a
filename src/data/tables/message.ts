import { printable } from "../../util/index.ts";

/** What DuckDB's lines begin with that tell nothing about what went wrong: the place in its own SQL, its settings, what else it can do. */
const REST =
  /^(LINE \d+:|The search space used|Possible|\* |Candidate functions|Column .* is being converted|\s+\S+ = )/;

/** Its lines with names that may have been meant; they also come after an empty line. */
const MEANT = /^(Did you mean|Candidate bindings)/;

const LONGEST = 300;

/** An error of DuckDB in one line of at most 300 letters: what happened, where, and the names that it thinks were meant. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const told: string[] = [];
  const meant: string[] = [];
  let isRest = false;
  for (const line of text.split(/\r\n|[\r\n]/)) {
    isRest ||= line.trim() === "" || REST.test(line.trimStart());
    if (MEANT.test(line)) meant.push(cut(printable(line.trim().replace(": : ", ": ")), LONGEST / 2));
    // The line of a file is as long as its writer likes.
    else if (!isRest && !line.startsWith("Original Line:")) told.push(printable(line.trim()));
  }
  const names = meant.join(" ");
  const what = told.map((line, i) => (i < told.length - 1 && !/[.:;!?]$/.test(line) ? `${line}:` : line)).join(" ");
  if (names === "") return cut(what, LONGEST);
  const sentence = /[.:;!?]$/.test(what) ? what : `${what}.`;
  return `${cut(sentence, LONGEST - names.length - 1)} ${names}`;
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 3)}...` : text;
}
