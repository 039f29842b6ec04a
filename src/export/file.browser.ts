import { fail } from "../util/index.ts";

/** Pages have no files. */
export async function writeFile(path: string): Promise<void> {
  fail(
    `${path} can't be written in a browser`,
    "the file's bytes",
    "exportOnnx and its kin return them: new Blob([bytes])",
  );
}
