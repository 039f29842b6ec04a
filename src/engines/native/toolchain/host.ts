import { open } from "node:fs/promises";
import { arch, cpus, platform } from "node:os";

/** Lines of /proc/cpuinfo that say what code the processor can run (x86 and ARM words). */
const TELLING =
  /^(vendor_id|cpu family|model|model name|flags|Features|CPU (implementer|architecture|variant|part))\s*:/;

/**
 * What this computer's processor is, as text: code compiled for "this machine" is kept apart by it, because a home folder
 * may be shared by several.
 */
export async function hostProcessor(): Promise<string> {
  const system = `${platform()} ${arch()}`;
  const linux = await beginning("/proc/cpuinfo", 16384);
  if (linux === undefined) return `${system} ${cpus()[0]?.model ?? "unknown processor"}`;
  const first = new Map<string, string>();
  for (const line of linux.split("\n")) {
    const name = TELLING.exec(line)?.[1];
    if (name !== undefined && !first.has(name)) first.set(name, line);
  }
  return [system, ...first.values()].join("\n");
}

/** The first bytes of a file: the processor list of a large server takes long to make in full. */
async function beginning(path: string, bytes: number): Promise<string | undefined> {
  try {
    const handle = await open(path, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
