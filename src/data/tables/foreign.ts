import { open } from "node:fs/promises";
import { fail } from "../../util/index.ts";

/** What files of other kinds begin with, in letters of Latin-1, and the endings with which they are in order. */
const KINDS: readonly { readonly sign: string; readonly what: string; readonly fix: string; readonly own?: RegExp }[] =
  [
    { sign: "PK\x03\x04", what: "a zip archive, or a workbook of Excel", fix: "unpack it, or save its sheet as CSV" },
    { sign: "\xd0\xcf\x11\xe0", what: "a workbook of Excel", fix: "save its sheet as CSV" },
    {
      sign: "\x1f\x8b",
      what: "compressed by gzip",
      fix: "let its name end in .gz, such as data.csv.gz",
      own: /\.gz$/i,
    },
    { sign: "PAR1", what: "a Parquet file", fix: "let its name end in .parquet", own: /\.(parquet|pq)$/i },
    { sign: "SQLite format 3", what: "a database of SQLite", fix: "write its table as CSV" },
    ...["<!doctype html", "<html"].map((sign) => ({
      sign,
      what: "a page of HTML",
      fix: "it may be the page that shows or refuses the file: download the file itself",
    })),
  ];

/** Bytes that tell what a file is. */
const LENGTH = 256;

/** Refuses a file that is something else than its name says, as its first bytes tell: who reads it would find strange letters, or no table. */
export async function refuseForeign(name: string, path: string): Promise<void> {
  const file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(LENGTH), 0, LENGTH, 0).finally(() => file.close());
  const head = buffer.toString("latin1", 0, bytesRead);
  const text = head
    .replace(/^\xef\xbb\xbf/, "")
    .trimStart()
    .toLowerCase();
  const kind = KINDS.find(({ sign, own }) => (head.startsWith(sign) || text.startsWith(sign)) && !own?.test(path));
  if (kind) fail(`${name} is ${kind.what}`, "what the ending of its name says", kind.fix);
}
