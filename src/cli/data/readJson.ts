import { type ExitCode, refuse } from "../exit.ts";
import { locateJsonError } from "./locateJsonError.ts";

/**
 * Parses JSON from a file's text.
 *
 * @param path the file's name in errors.
 * @param exitCode of the error, which names line and column.
 */
export function parseJson(text: string, path: string, exitCode: ExitCode): unknown {
  const json = text.startsWith("\ufeff") ? text.slice(1) : text;
  try {
    return JSON.parse(json);
  } catch {
    const { line = 1, column = 1, what = "something else" } = locateJsonError(json) ?? {};
    return refuse(exitCode, `${path}:${line}:${column} is not JSON: ${what}`);
  }
}
