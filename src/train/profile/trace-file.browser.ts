import { fail } from "../../util/index.ts";
import type { Trace } from "./trace.ts";

// Stands for trace-file.ts in bundles for browsers ("browser" in package.json).

export interface TraceFile {
  write(trace: Trace): Promise<void>;
}

export async function openTraceFile(path: string): Promise<TraceFile> {
  fail(
    `profile got the file ${path}`,
    "no trace",
    "files need Descent's build for Node; history.profile.trace() has it",
  );
}
