import { access, constants, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fail } from "../../util/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import type { Trace } from "./trace.ts";

/** Where a trace is to be written. */
export interface TraceFile {
  write(trace: Trace): Promise<void>;
}

/**
 * Finds out now, not after a training, whether a file can be written.
 *
 * @throws DescentError when its folder is missing or may not be written to, or when it is a folder
 */
export async function openTraceFile(path: string): Promise<TraceFile> {
  const folder = dirname(resolve(path));
  const isFolder = (place: string) =>
    stat(place).then(
      (found) => found.isDirectory(),
      () => undefined,
    );
  if (!(await isFolder(folder))) fail(`the trace ${path} can't be written: there is no folder ${folder}`);
  if (await isFolder(path)) fail(`the trace ${path} can't be written: this is a folder`, "a file");
  try {
    await access(folder, constants.W_OK);
  } catch {
    fail(`the trace ${path} can't be written: the folder ${folder} is read-only for this user`);
  }
  return { write: (trace) => writeFileAtomic(path, JSON.stringify(trace)) };
}
