import { basename, dirname, extname, resolve } from "node:path";
import { readText, requireFile } from "../data/files.ts";
import { parseJson } from "../data/readJson.ts";
import { EXIT, refuse } from "../exit.ts";
import { importFault, importModule } from "./importModule.ts";
import { type CheckedConfig, checkConfig } from "./schema.ts";

/** A config that was read and whose outer form is right. */
export interface LoadedConfig {
  config: CheckedConfig;
  /** As the user wrote it, for messages. */
  path: string;
  /** Absolute; the config's relative paths start here. */
  folder: string;
  /** "digits" of digits.config.ts. */
  stem: string;
}

const MODULES = [".ts", ".mts", ".js", ".mjs"];

/** Reads a config file: JSON, or a module whose default export is a config or a function that makes one. */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const absolute = resolve(path);
  const ending = extname(path).toLowerCase();
  const isConfig = ending === ".json" || MODULES.includes(ending);
  await requireFile(path, EXIT.usage, isConfig ? "a config file" : "a table, a text, a folder of images or a config");
  if (!isConfig) {
    refuse(EXIT.usage, `${path} is no config file`, `a file that ends with .json, ${MODULES.join(", ")}`);
  }
  const value =
    ending === ".json"
      ? parseJson(await readText(path, EXIT.usage), path, EXIT.usage)
      : await runModule(absolute, path);
  const stem = basename(path).replace(/(\.config)?\.[a-z]+$/i, "");
  return { config: checkConfig(value, path), path, folder: dirname(absolute), stem };
}

async function runModule(absolute: string, path: string): Promise<unknown> {
  let value: unknown;
  try {
    ({ default: value } = await importModule(absolute));
    if (typeof value === "function") value = await value();
  } catch (error) {
    const fault = importFault(error, absolute).replaceAll(absolute, path);
    return refuse(EXIT.usage, `the config could not be run: ${fault}`);
  }
  if (value === undefined) refuse(EXIT.usage, `${path} has no default export`, "export default defineConfig({ ... })");
  return value;
}
