import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { writeFileAtomic } from "../../../util/node.ts";

/** The SHA-256 of some parts, in hexadecimal; each part's length counts too, so no two lists of parts are mixed up. */
export function digest(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex");
}

/** Writes a record that {@link readSealed} accepts only exactly as it was written. */
export function writeSealed(path: string, content: string): Promise<void> {
  return writeFileAtomic(path, `${digest(content)}\n${content}`);
}

/** A record's content; undefined when there is none or it was damaged. */
export async function readSealed(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    return undefined;
  }
  const content = text.slice(text.indexOf("\n") + 1);
  return text === `${digest(content)}\n${content}` ? content : undefined;
}
