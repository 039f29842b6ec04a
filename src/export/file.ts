import { fail } from "../util/index.ts";
import { writeFileAtomic } from "../util/node.ts";

/** Writes a file whole or not at all. */
export async function writeFile(path: string, data: string | Uint8Array | readonly Uint8Array[]): Promise<void> {
  await writeFileAtomic(path, data).catch((error: Error) => {
    fail(`${path} could not be written: ${error.message}`, "a folder that can be written, with enough space");
  });
}
