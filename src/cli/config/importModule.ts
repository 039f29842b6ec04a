import { register } from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundled } from "../../util/index.ts";
import { oneLine } from "../exit.ts";

let prepared: Promise<void> | undefined;

/** Imports a .ts or .js module of a user, in which "descent" is this very program. */
export async function importModule(path: string): Promise<Record<string, unknown>> {
  prepared ??= prepare();
  await prepared;
  return import(pathToFileURL(path).href);
}

async function prepare(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const own = extname(fileURLToPath(import.meta.url)); // ".ts" in a clone, ".js" in the package
  if (own === ".js") {
    const { register: registerTsx } = await import("tsx/esm/api");
    registerTsx();
  }
  const root = new URL(bundled === undefined ? "../../" : "./", import.meta.url);
  const door = (name: string) => new URL(`${name}${own}`, root).href;
  const doors = {
    descent: door("index"),
    "descent/architectures": door("architectures/index"),
    "descent/cli": door("cli/index"),
    "descent/data": door("data/index"),
    "descent/export": door("export/index"),
    "descent/records": door("records/index"),
    "descent/tabular": door("tabular/index"),
    "descent/text": door("text/index"),
    "descent/testing": door("testing/index"),
  };
  register(door("cli/config/resolveHook"), { data: { doors } });
}

/** What went wrong in a module, on one line, with the place in `path` where it did. */
export function importFault(error: unknown, path: string): string {
  const message = oneLine(error)
    .replace(/^Transform failed with \d+ errors?: /, "")
    .replace(": ERROR: ", ": ");
  if (message.includes(path)) return message;
  const url = pathToFileURL(path).href;
  const stack = (error instanceof Error && error.stack) || "";
  const place = stack
    .split("\n")
    .map((line) => /((?:file:\/\/)?\/.*?):(\d+)(?::(\d+))?\)?$/.exec(line))
    .find((found) => found && (found[1]?.endsWith(path) || found[1] === url));
  const where = place ? `${path}:${place[2]}${place[3] ? `:${place[3]}` : ""}` : path;
  return `${where}: ${message}`;
}
