import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, relative, resolve } from "node:path";
import { nearest } from "../../util/index.ts";
import { type ExitCode, oneLine, refuse } from "../exit.ts";

/** Refuses a path that is no readable file, naming the nearest name in its folder. */
export async function requireFile(path: string, exitCode: ExitCode, what: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => error as Error);
  if (!(found instanceof Error)) {
    if (found.isDirectory()) refuse(exitCode, `${path} is a folder`, what);
    return;
  }
  if ((found as NodeJS.ErrnoException).code !== "ENOENT") refuse(exitCode, oneLine(found), what);
  const others = await readdir(dirname(resolve(path))).catch(() => []);
  const near = nearestFile(basename(path), others);
  refuse(exitCode, `there is no file ${path}`, what, near && `did you mean "${near}"?`);
}

/** The name with the same ending that is spelled most like `name`. */
function nearestFile(name: string, others: readonly string[]): string | undefined {
  const ending = extname(name);
  const stems = others.filter((other) => extname(other) === ending).map((other) => basename(other, ending));
  const near = nearest(basename(name, ending), stems);
  return near === undefined ? undefined : near + ending;
}

/** A file's text; the system's refusal on one line. */
export async function readText(path: string, exitCode: ExitCode): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    return refuse(exitCode, `${path} could not be read: ${oneLine(error)}`);
  }
}

/** A path as short as it can be written from here. */
export function here(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") || dirname(short) === path ? path : short;
}
