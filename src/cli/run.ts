import { CommanderError } from "commander";
import { CliError, EXIT, isExpected, oneLine } from "./exit.ts";
import { createProgram } from "./program.ts";
import { paint } from "./terminal/index.ts";

/** Runs the command `descent`; errors are one line, with DESCENT_DEBUG=1 their whole stack. */
export async function run(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  process.stdout.on("error", quitWhenNobodyReads);
  try {
    await createProgram((code) => {
      exitCode = code;
    }).parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const debug = process.env["DESCENT_DEBUG"];
    const surprise = isExpected(error) ? "" : " (unexpected; DESCENT_DEBUG=1 shows more)";
    const color = process.stderr.isTTY === true && !process.env["NO_COLOR"];
    console.error(debug ? error : `${paint("Error:", "red", color)} ${oneLine(error)}${surprise}`);
    return error instanceof CliError ? error.exitCode : EXIT.failed;
  }
}

/** `descent predict ... | head`: what is piped away may be closed early, which is no failure. */
function quitWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  throw error;
}
