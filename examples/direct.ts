import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** True when this module's file is the program that was started, false when another module imports it. */
export function startedDirectly(url: string): boolean {
  const program = process.argv[1];
  return program !== undefined && realpathSync(program) === realpathSync(fileURLToPath(url));
}
