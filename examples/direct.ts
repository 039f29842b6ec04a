import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What an example came to. */
export interface Outcome {
  /** In words, with its figures. */
  readonly result: string;
  /** Whether its target was reached. */
  readonly passed: boolean;
}

/** True when this module's file is the program that was started, false when another module imports it. */
export function startedDirectly(url: string): boolean {
  const program = process.argv[1];
  return program !== undefined && realpathSync(program) === realpathSync(fileURLToPath(url));
}

/** Runs an example whose file is the program that was started, and says what it came to. */
export async function start(url: string, target: string, main: () => Promise<Outcome>): Promise<void> {
  if (!startedDirectly(url)) return;
  const { result, passed } = await main();
  console.log(`\nTarget: ${target}\nResult: ${result}${passed ? "" : " (missed)"}`);
  if (!passed) process.exitCode = 1;
}
